import Foundation
import MusterModel
import Testing

@testable import MusterBackends
@testable import MusterWire

@Suite struct LocalAgentTests {
    private func node(_ artifacts: Int, task number: Int, scratch: String) -> NodeSpec {
        let reference = ArtifactReference(digest: String(repeating: "ab", count: 32), size: 8, encoding: .pickle)
        let attempt = AttemptID(flow: "F", run: "1", step: "join", task: number, attempt: 0)
        let names = Dictionary(uniqueKeysWithValues: (0..<artifacts).map { ("a\($0)", reference) })
        let task = TaskFile(
            attempt: attempt, taskID: "\(number)", user: "me", parameters: ["a": "1"],
            inputs: [TaskInput(step: "work", taskID: "2", artifacts: names)],
            parallel: ParallelFrame(controlAddress: "", nodes: 1, index: 0, controlTaskID: "3"), socket: "",
            temporaryFolder: "")
        return NodeSpec(
            attempt: attempt, index: 0, size: 1, address: "127.0.0.1", secret: "", rendezvousDeadline: 1, timeout: nil,
            grace: 1, program: ["p"], task: task, store: "/s", package: "/p", scratch: "\(scratch)/0", environment: [:],
            framework: nil, cpus: 1, gpus: 0, reusable: true)
    }

    @Test("A task with very many artifacts goes as a file, and the next one as a line again")
    func longTask() throws {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let first = self.node(60_000, task: 3, scratch: scratch)
        let agent = LocalAgent(
            node: 0, scratch: ScratchFolder(near: scratch, short: scratch), address: "127.0.0.1", attempt: first.attempt
        )

        var told = try LineCoding.decode(NodeSpec.self, from: agent.line(for: first))
        let file = try #require(told.taskFile)
        #expect(told.task == first.task.brief)
        told.task = try LineCoding.decode(TaskFile.self, from: Data(contentsOf: URL(filePath: file)))
        told.taskFile = nil
        #expect(told == first)

        let second = self.node(60_000, task: 4, scratch: scratch)
        let next = try LineCoding.decode(NextAttempt.self, from: agent.line(for: second))
        #expect(
            try LineCoding.decode(TaskFile.self, from: Data(contentsOf: URL(filePath: try #require(next.file))))
                == second.task)
        let third = self.node(2, task: 5, scratch: scratch)
        #expect(try LineCoding.decode(NextAttempt.self, from: agent.line(for: third)) == NextAttempt(third.task))
    }
}
