import FoundationEssentials
import MusterModel
import MusterWire
import Synchronization

@testable import Muster

/// A task folder with an agent beside it, as the step of a flow finds them.
final class TaskSandbox {
    let folder: String
    let agent: FakeAgent

    init(answer: @escaping @Sendable (AgentRequest) -> AgentAnswer = { _ in .done }) throws {
        self.folder = "/tmp/muster-flow-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        self.agent = try FakeAgent(folder: self.folder, answer: answer)
    }

    deinit {
        self.agent.stop()
        try? FileManager.default.removeItem(atPath: self.folder)
    }

    /// Writes `task.json`, runs the step and reads what it left.
    func run<Root: Flow>(
        _ type: Root.Type, _ step: String, inputs: [TaskInput] = [], parameters: [String: ParameterValue] = [:],
        foreach: [ForeachFrame] = [], python: String? = nil
    ) async throws -> (code: CInt, result: ResultFile) {
        let task = TaskFile(
            attempt: AttemptID(flow: Root.definition.name, run: "1", step: step, task: 7, attempt: 2),
            taskID: "7-node-1",
            user: "somebody", originRun: "0", parameters: parameters, inputs: inputs, foreach: foreach,
            parallel: ParallelFrame(controlAddress: "127.0.0.2", nodes: 2, index: 1, controlTaskID: "7"),
            socket: self.agent.path, temporaryFolder: self.folder, python: python)
        try JSONEncoder().encode(task).write(to: URL(fileURLWithPath: "\(self.folder)/task.json"))
        let folder = TaskFolder(path: self.folder)
        let code = await StepProgram<Root>(folder: folder).run(step, Result { try folder.readTask() })
        let result = try Data(contentsOf: URL(fileURLWithPath: "\(self.folder)/result.json"))
        return (code, try JSONDecoder().decode(ResultFile.self, from: result))
    }

    /// Puts bytes where the agent can point to.
    func store(_ bytes: some Sequence<UInt8>, _ encoding: ArtifactEncoding, as digest: String) throws
        -> ArtifactReference
    {
        let data = Data(bytes)
        try data.write(to: URL(fileURLWithPath: "\(self.folder)/\(digest)"))
        return ArtifactReference(digest: digest, size: data.count, encoding: encoding)
    }

    func text(_ file: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(self.folder)/\(file)")), as: UTF8.self)
    }
}

extension TaskSandbox {
    /// A sandbox whose agent finds artifacts by digest in its folder.
    /// - Parameter missing: The digest of an artifact that it does not find.
    static func withStore(missing: String? = nil) throws -> TaskSandbox {
        let box = Box()
        let sandbox = try TaskSandbox { request in
            let folder = box.folder.withLock { $0 }
            func path(_ reference: ArtifactReference) -> String { "\(folder)/\(reference.digest)" }
            let failed = AgentAnswer.failed(failure: TaskFailure(code: .store, message: "\(missing ?? "") is missing"))
            switch request {
            case .artifact(let reference):
                return reference.digest == missing ? failed : .artifact(path: path(reference))
            case .artifacts(let references):
                return references.contains { $0.digest == missing } ? failed : .artifacts(paths: references.map(path))
            default: return .done
            }
        }
        box.folder.withLock { $0 = sandbox.folder }
        return sandbox
    }
}
