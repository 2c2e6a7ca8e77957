import MusterProcess

/// A command that is called to see whether it works.
struct ToolCall: Sendable {
    struct Answer: Sendable {
        var isSuccess: Bool
        /// Its standard output, or what it said of its failure.
        var text: String
        var lines: [String] { self.text.split(separator: "\n").map(String.init) }
        var firstLine: String { self.lines.first ?? "" }
    }

    let reactor: ProcessReactor
    let environment: [String: String]
    /// The host on which commands are called, by the user's ssh; nil for this machine.
    var ssh: String?
    /// Seconds after which a command is killed.
    var timeout = 30.0

    /// Runs the command to its end. Never fails: what keeps it from running is the answer.
    func answer(_ command: String, _ arguments: [String] = []) async -> Answer {
        let remote = self.ssh.map { host in
            ["-o", "BatchMode=yes", host, ([command] + arguments).map(ShellWord.quoted).joined(separator: " ")]
        }
        let spec = ProcessSpec(
            executable: remote == nil ? command : "ssh", arguments: remote ?? arguments, environment: self.environment)
        let reactor = self.reactor
        let timeout = self.timeout
        return await withTaskGroup(of: Answer.self) { group in
            group.addTask {
                do {
                    let outcome = try await reactor.run(spec, grace: 0.5, limit: 8 << 20)
                    let output = String(decoding: outcome.standardOutput, as: UTF8.self)
                    guard !outcome.status.isSuccess else { return Answer(isSuccess: true, text: output) }
                    let errors = String(decoding: outcome.standardError, as: UTF8.self)
                    let said = (errors + output).split(separator: "\n").first.map(String.init)
                    return Answer(isSuccess: false, text: said ?? "\(outcome.status)")
                } catch {
                    return Answer(isSuccess: false, text: CommandFailure(error).message)
                }
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(timeout))
                return Answer(isSuccess: false, text: "it did not answer within \(Int(timeout)) s")
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? Answer(isSuccess: false, text: "it was not called")
        }
    }
}
