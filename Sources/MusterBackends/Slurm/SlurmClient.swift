package import MusterModel
package import MusterProcess

/// Calls Slurm's commands, here or on another host.
package struct SlurmClient: Sendable {
    private let reactor: ProcessReactor
    private let environment: [String: String]
    private let settings: SlurmSettings

    /// - Parameter environment: The engine's own; what may not come into a job is taken out of it.
    package init(
        reactor: ProcessReactor, environment: [String: String], settings: SlurmSettings = SlurmSettings()
    ) {
        self.reactor = reactor
        self.environment = environment
        self.settings = settings
    }

    // MARK: - Questions

    /// All jobs of this user that the controller knows, those that ended lately among them. One call, whatever their
    /// number; naming single jobs would make the call fail when one of them is forgotten.
    func queue(named name: String? = nil) async throws(BackendError) -> [SlurmRow] {
        let names = name.map { ["--name=\($0)"] } ?? []
        let arguments = ["--noheader", "--me", "--all", "--states=all", "--format=\(SlurmRow.queueFormat)"] + names
        return SlurmRow.queue(try await self.require("squeue", arguments))
    }

    /// The jobs as the accounting database knows them; nil where there is none or it does not work.
    func accounting(_ ids: [String]) async -> [SlurmRow]? {
        let arguments = [
            "--allocations", "--noheader", "--parsable2", "--starttime=now-30days",
            "--jobs=\(ids.joined(separator: ","))", "--format=\(SlurmRow.accountingFields)",
        ]
        guard let answer = try? await self.call("sacct", arguments), answer.isSuccess else { return nil }
        return SlurmRow.accounting(answer.output)
    }

    /// One job as the controller knows it.
    func control(_ id: String) async -> JobState {
        guard let answer = try? await self.call("scontrol", ["--oneliner", "show", "job", id]) else {
            return .unknown(reason: "scontrol does not answer")
        }
        if answer.isSuccess, let row = SlurmRow.control(answer.output), row.id == id { return SlurmState.state(row) }
        // All of its failures have the same exit code.
        guard answer.errors.contains("Invalid job id") else { return .unknown(reason: answer.errors) }
        return .ended(JobEnd(kind: .forgotten, reason: "Invalid job id"))
    }

    // MARK: - Actions

    /// - Returns: The new job's number.
    func submit(_ script: String) async throws(BackendError) -> String {
        let answer = try await self.call("sbatch", ["--parsable"], input: script, isSubmission: true)
        guard answer.isSuccess else { throw SlurmRefusal.error("sbatch", answer.errors) }
        guard let id = SlurmRow.submitted(answer.output) else {
            throw BackendError(
                code: .answer,
                message: "sbatch does not end with the job's number but says: \(answer.output.prefix(500))",
                isTransient: true)
        }
        return id
    }

    func cancel(id: String) async throws(BackendError) { try await self.cancel([id]) }

    /// Ends every job of this user with that name.
    func cancel(name: String) async throws(BackendError) { try await self.cancel(["--me", "--name=\(name)"]) }

    private func cancel(_ arguments: [String]) async throws(BackendError) {
        let answer = try await self.call("scancel", arguments)
        guard !answer.isSuccess, !answer.errors.contains("Invalid job id"), !answer.errors.contains("already complet")
        else { return }
        throw SlurmRefusal.error("scancel", answer.errors)
    }

    // MARK: - Calls

    struct Answer: Sendable {
        var isSuccess: Bool
        var output: String
        var errors: String
    }

    private func require(_ command: String, _ arguments: [String]) async throws(BackendError) -> String {
        let answer = try await self.call(command, arguments)
        guard answer.isSuccess else {
            // A question that fails says nothing, whatever its words.
            let error = SlurmRefusal.error(command, answer.errors)
            throw BackendError(code: .unreachable, message: error.message, isTransient: true)
        }
        return answer.output
    }

    /// Runs a command to its end, or to the end of patience, after which it is killed.
    func call(
        _ command: String, _ arguments: [String], input: String? = nil, isSubmission: Bool = false
    ) async throws(BackendError) -> Answer {
        let spec = self.spec(command, arguments, isSubmission: isSubmission)
        let seconds = isSubmission ? self.settings.submissionTimeout : self.settings.commandTimeout
        let reactor = self.reactor
        let result: Result<ProcessOutcome?, any Error> = await withTaskGroup(
            of: Result<ProcessOutcome?, any Error>.self
        ) { group in
            group.addTask {
                do {
                    return .success(try await reactor.run(spec, input: input.map { Array($0.utf8) }, limit: 64 << 20))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(seconds))
                return .success(nil)
            }
            let first = await group.next() ?? .success(nil)
            group.cancelAll()
            return first
        }
        switch result {
        case .success(let outcome?):
            return Answer(
                isSuccess: outcome.status.isSuccess, output: String(decoding: outcome.standardOutput, as: UTF8.self),
                errors: String(decoding: outcome.standardError, as: UTF8.self))
        case .success(nil):
            throw BackendError(
                code: .unreachable, message: "\(command) did not answer within \(Int(seconds)) s", isTransient: true)
        case .failure(let error as SpawnError) where error.reason == .notFound:
            throw BackendError(
                code: .missing,
                message:
                    "there is no \(self.settings.ssh == nil ? command : "ssh") on the PATH; `muster` has to run where Slurm's commands are, or be told a host that has them with slurm.ssh",
                isTransient: false)
        case .failure(let error):
            throw BackendError(code: .machine, message: "\(command) could not be run: \(error)", isTransient: true)
        }
    }

    private func spec(_ command: String, _ arguments: [String], isSubmission: Bool) -> ProcessSpec {
        guard let ssh = self.settings.ssh else {
            let environment =
                isSubmission ? SlurmEnvironment.job(self.environment) : SlurmEnvironment.client(self.environment)
            return ProcessSpec(executable: command, arguments: arguments, environment: environment)
        }
        let words = ([command] + arguments).map(ShellQuoting.quote).joined(separator: " ")
        let locale = isSubmission ? "" : "LC_ALL=C "
        return ProcessSpec(
            executable: "ssh", arguments: ["-o", "BatchMode=yes", ssh, SlurmEnvironment.shellPrefix + locale + words],
            environment: self.environment)
    }
}
