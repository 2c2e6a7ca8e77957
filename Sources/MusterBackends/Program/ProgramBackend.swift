package import MusterModel
package import MusterProcess

/// A place whose backend is a program `muster-backend-NAME`, in whatever language. `Documentation/Backends.md` has the
/// protocol.
package final class ProgramBackend: ComputeBackend {
    /// Before the place's name in the program's.
    package static let prefix = "muster-backend-"

    package let name: String
    package let capabilities: BackendCapabilities
    private let program: BackendProgram

    /// Starts the program, and asks for its name and its capabilities.
    /// - Parameters:
    ///   - path: The program's.
    ///   - queue: What it says otherwise than by default goes before the program's capabilities.
    ///   - log: Takes the lines of its standard error.
    /// - Throws: ``BackendError`` when it cannot be started or does not speak the protocol.
    package init(
        name: String, path: String, reactor: ProcessReactor, environment: [String: String],
        queue: QueueSettings = QueueSettings(), patience: Double = 60, log: @escaping @Sendable (String) -> Void
    ) async throws(BackendError) {
        self.name = name
        self.program = BackendProgram(
            name: name, path: path, reactor: reactor, environment: environment, patience: patience, log: log)
        let answer = try await self.program.ask(.hello(version: BackendProgram.version))
        guard answer.version == BackendProgram.version else {
            throw Self.misfit(
                path,
                "speaks version \(answer.version.map { "\($0)" } ?? "?") of the protocol, not \(BackendProgram.version)"
            )
        }
        guard answer.name == name else {
            throw Self.misfit(path, "calls itself '\(answer.name ?? "")', not \(name)")
        }
        self.capabilities = (answer.capabilities ?? BackendCapabilities()).changed(by: queue)
    }

    package func request(for launch: GangLaunch) async throws(BackendError) -> BackendRequest {
        let answer = try await self.program.ask(.request(launch))
        return try self.field(answer.request, "request")
    }

    package func submit(_ request: BackendRequest) async throws(BackendError) -> BackendJob {
        let answer = try await self.program.ask(.submit(request))
        return try self.field(answer.job, "job")
    }

    package func look(at jobs: [BackendJob]) async throws(BackendError) -> [BackendJob: JobState] {
        let answer = try await self.program.ask(.look(jobs))
        let states = try self.field(answer.states, "states")
        return Dictionary(states.map { ($0.job, $0.state) }) { $1 }
    }

    package func cancel(_ job: BackendJob) async throws(BackendError) { _ = try await self.program.ask(.cancel(job)) }

    package func find(flow: String, run: String) async throws(BackendError) -> [BackendJob] {
        let answer = try await self.program.ask(.find(flow: flow, run: run))
        return try self.field(answer.jobs, "jobs")
    }

    /// Nothing is known after an answer without the field, since the place may have done what was asked.
    private func field<Value>(_ value: Value?, _ field: String) throws(BackendError) -> Value {
        guard let value else {
            throw BackendError(
                code: .answer, message: "the backend program of \(self.name) left out '\(field)' in its answer",
                isTransient: true)
        }
        return value
    }

    private static func misfit(_ path: String, _ what: String) -> BackendError {
        BackendError(code: .answer, message: "the backend program \(path) \(what)", isTransient: false)
    }
}
