import FoundationEssentials
import MusterModel
import MusterWire
import Testing

@testable import Muster

/// The elements of a foreach, from the step that fans out to a task.
@Suite struct ItemTests {
    private let sandbox: TaskSandbox

    init() throws {
        self.sandbox = try TaskSandbox.withStore()
        try FileManager.default.createDirectory(
            atPath: "\(self.sandbox.folder)/artifacts", withIntermediateDirectories: true)
    }

    /// The frames of tasks as the agent and the engine make them of what a step has left.
    private func frames(_ items: [some Encodable]) throws -> [ForeachFrame] {
        var file = ItemFile(folder: self.sandbox.folder)
        for item in items { try file.append(item) }
        try file.write()
        let lines = try self.sandbox.text("items.jsonl").split(separator: "\n")
        #expect(lines.count == items.count)
        return try lines.enumerated().map { index, line in
            guard ItemLine.isFile(first: line.utf8.first) else {
                return ForeachFrame(step: "start", index: index, count: lines.count, item: String(line))
            }
            let named = try ItemLine.decode(ArtifactFile.self, from: line.utf8)
            let reference = ArtifactReference(digest: named.path, size: 0, encoding: named.encoding)
            return ForeachFrame(step: "start", index: index, count: lines.count, artifact: reference)
        }
    }

    private func element<Element: Decodable>(_ frame: ForeachFrame) throws -> Element {
        let task = TaskFile(
            attempt: AttemptID(flow: "F", run: "1", step: "work", task: 2, attempt: 0), taskID: "2", user: "",
            foreach: [frame], parallel: ParallelFrame(controlAddress: "", nodes: 1, index: 0, controlTaskID: "2"),
            socket: self.sandbox.agent.path, temporaryFolder: "")
        return try StepInput<HandwrittenFlow>([], task: task, locate: AgentClient(path: self.sandbox.agent.path).locate)
            .item()
    }

    private func roundTrip<Element: Codable & Equatable>(_ items: [Element], artifacts: Int) throws {
        let frames = try self.frames(items)
        #expect(frames.count { $0.artifact != nil } == artifacts)
        #expect(try frames.map { try self.element($0) as Element } == items)
    }

    @Test("Elements of every kind and size arrive as they were")
    func everyKind() throws {
        try self.roundTrip([1, 2, 3], artifacts: 0)
        try self.roundTrip([UInt64.max, 0], artifacts: 0)
        try self.roundTrip([0.1, -.infinity, 1e300], artifacts: 0)
        try self.roundTrip(["@", "{}", String(repeating: "ä", count: 20_000)], artifacts: 1)
        try self.roundTrip([[Float](repeating: 0.1, count: 100_000), [1]], artifacts: 1)
        try self.roundTrip([Data(repeating: 7, count: 5 << 20), Data()], artifacts: 1)
        try self.roundTrip([["path": String(repeating: "x", count: 40_000)], ["path": "a"]], artifacts: 1)
        try self.roundTrip([String?.none, "x"], artifacts: 0)
        #expect((try self.element(self.frames([Double.nan])[0]) as Double).isNaN)
    }
}
