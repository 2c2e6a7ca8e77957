import Foundation
import MusterModel
import MusterWire

/// Encodes and decodes one value of each type that a run encodes or decodes, while the flow program describes itself on
/// another processor: the Swift runtime looks up each type's conformances at its first use and caches them (saves 14 ms
/// of 96, Benchmarks: foreach).
enum TypeWarmUp {
    static func perform() {
        let reference = ArtifactReference(digest: "", size: 0, encoding: .json)
        let attempt = AttemptID(flow: "", run: "", step: "", task: 1, attempt: 0)
        let result = NodeResult(transition: .step(to: "end"), artifacts: ["a": reference])
        let report = GangReport(
            failure: nil, nodes: [NodeReport(index: 0, status: .succeeded, result: result)], started: 0, finished: 0)
        let task = TaskFile(
            attempt: attempt, taskID: "", user: "", parameters: ["a": "1"],
            inputs: [TaskInput(step: "", taskID: "", artifacts: ["a": reference])],
            foreach: [ForeachFrame(step: "", index: 0, count: 1, item: "1")],
            parallel: ParallelFrame(controlAddress: "", nodes: 1, index: 0, controlTaskID: ""), socket: "",
            temporaryFolder: "")
        self.there(NextAttempt(task))
        self.there(
            NodeSpec(
                attempt: attempt, index: 0, size: 1, address: "", secret: "", rendezvousDeadline: 1, timeout: nil,
                grace: 1,
                program: [""], task: task, store: "", package: "", scratch: "", environment: ["a": ""], framework: nil,
                cpus: 1, gpus: 0))
        self.back(AgentStatus.started(node: 0))
        self.back(AgentStatus.finished(report: report))
        let location = SourceLocation(file: "", line: 1)
        let step = StepManifest(
            name: "start", location: location, join: JoinManifest(), edges: [.foreach(to: "a"), .step(to: "a")])
        self.back(FlowManifest(name: "", language: "", folder: "", steps: [step], artifacts: ["a"], serves: true))
    }

    private static func there(_ value: some Encodable) { _ = try? LineCoding.encode(value) }

    private static func back<Value: Codable>(_ value: Value) {
        guard let line = try? LineCoding.encode(value) else { return }
        _ = try? LineCoding.decode(Value.self, from: line)
    }
}
