import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

/// The step of one attempt on one node: run by a flow program that serves, or in a process of its own.
final class StepProgram {
    private let folder: NodeFolder
    private let services: AgentServices
    private let processes: NodeProcesses
    private let tail = OutputTail()

    init(folder: NodeFolder, services: AgentServices, processes: NodeProcesses) {
        self.folder = folder
        self.services = services
        self.processes = processes
    }

    var lastLines: [String] { self.tail.lastLines }

    /// Starts the step through its server where it has one, otherwise as a process.
    func start(_ spec: NodeSpec, _ environment: [String: String]) throws {
        guard spec.reusable, spec.serves, try self.serve(spec, environment) else {
            return try self.spawn(spec, environment)
        }
    }

    func spawn(_ spec: NodeSpec, _ environment: [String: String]) throws {
        guard !spec.program.isEmpty else { throw AgentError("no flow program was named") }
        try self.processes.start(
            .step,
            PlannedProcess(
                label: "step", arguments: spec.program + ["step", spec.attempt.step, "--folder", self.folder.task],
                environment: environment), tail: self.tail)
        self.services.status.send(.started(node: spec.index))
    }

    /// Returns false when the server cannot take the step.
    private func serve(_ spec: NodeSpec, _ environment: [String: String]) throws -> Bool {
        let binding = StepServer.Binding(
            program: spec.program, environment: spec.environment, python: spec.task.python, inPlace: spec.inPlace)
        let server = try self.services.equipment.stepServer(
            binding, environment: environment, folder: self.folder.work)
        let request = ServeRequest(
            step: spec.attempt.step, folder: self.folder.task, workFolder: self.folder.work, environment: environment)
        let (events, tail, log) = (self.services.events, self.tail, self.processes.log)
        let (status, index) = (self.services.status, spec.index)
        return server.run(request) {
            status.send(.started(node: index))
        } onOutput: { stream, bytes in
            tail.append(stream, bytes)
            log?.append(process: 0, stream, bytes)
        } onOutcome: { outcome in
            events.yield(.node(.served(outcome)))
        }
    }
}
