import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

/// Asks a framework: one of the agent's own, or one that the flow program brings, through the program's verb `plan`.
struct FrameworkPlanner: Sendable {
    /// The flow program.
    let program: [String]
    let environment: [String: String]
    /// The working directory of the program.
    let folder: String
    let reactor: ProcessReactor

    /// Seconds that a flow program may take for an answer.
    let patience: Double
    private static let longestAnswer = 16 << 20

    init(_ spec: NodeSpec, on reactor: ProcessReactor) {
        self.program = spec.program
        self.environment = spec.environment
        // The node's copy of the code package is not made yet, and the store's must not be written to.
        self.folder = spec.inPlace?.workFolder ?? "/"
        self.reactor = reactor
        self.patience = spec.times.planTimeout
    }

    /// Calls `completion` once: before it returns for the agent's own frameworks, on the reactor's thread for others.
    func ask(_ query: PlanQuery, _ completion: @escaping @Sendable (Result<PlanAnswer, AgentError>) -> Void) {
        if let framework = Frameworks.named(query.framework) {
            return completion(Self.read(query.answer(by: framework)))
        }
        do {
            try self.askProgram(query, completion)
        } catch {
            completion(.failure(AgentError("the framework \(query.framework) cannot be asked: \(error)")))
        }
    }

    func setup(_ framework: FrameworkSettings, size: Int) async throws(AgentError) -> ClusterSetup {
        let answer = await withCheckedContinuation { continuation in
            self.ask(.setup(framework: framework.name, settings: framework.options, size: size)) {
                continuation.resume(returning: $0)
            }
        }
        guard case .setup(let setup) = try answer.get() else { throw AgentError.wrongAnswer(framework.name) }
        return setup
    }

    private static func read(_ answer: PlanAnswer) -> Result<PlanAnswer, AgentError> {
        if case .refused(let reason) = answer { .failure(AgentError(reason)) } else { .success(answer) }
    }

    // MARK: The flow program

    private func askProgram(
        _ query: PlanQuery, _ completion: @escaping @Sendable (Result<PlanAnswer, AgentError>) -> Void
    ) throws {
        guard let executable = self.program.first else { throw AgentError("no flow program was named") }
        let output = PlanOutput(limit: Self.longestAnswer)
        let spec = ProcessSpec(
            executable: executable, arguments: Array(self.program.dropFirst()) + ["plan"],
            environment: self.environment, workingDirectory: self.folder, standardInput: .pipe, newSession: true,
            parentDeathSignal: SIGKILL, endsGroup: true)
        let name = query.framework
        let process = try self.reactor.spawn(
            spec, onOutput: { output.append($0, $1) }, onExit: { completion(Self.answer(of: name, $0, output)) })
        process.write(try LineCoding.encode(query))
        process.closeInput()
        self.reactor.schedule(after: self.patience) { process.signalGroup(SIGKILL) }
    }

    private static func answer(
        of framework: String, _ status: ExitStatus, _ output: PlanOutput
    ) -> Result<PlanAnswer, AgentError> {
        guard status.isSuccess else {
            let known = Frameworks.names.joined(separator: ", ")
            return .failure(
                AgentError(
                    "there is no framework called '\(framework)': the agent knows \(known), and the flow program brings none of "
                        + "that name\(output.errors)"))
        }
        guard !output.isTooLong else {
            return .failure(
                AgentError(
                    "the flow program's answer about the framework \(framework) has more than \(Self.longestAnswer) bytes; it was refused"
                ))
        }
        do {
            return self.read(try LineCoding.decode(PlanAnswer.self, from: output.answer))
        } catch {
            return .failure(
                AgentError("the flow program's answer about the framework \(framework) cannot be read: \(error)"))
        }
    }
}
