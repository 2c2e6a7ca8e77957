import Foundation
import MusterModel
import MusterStore
import Testing

@testable import MusterEngine

/// The record of a gang, for those who look from other processes.
@Suite struct GangRecorderTests {
    private static let attempt = AttemptID(flow: "F", run: "1", step: "train", task: 2, attempt: 0)

    private func withRecorder(_ body: (GangRecorder, _ path: String) async throws -> Void) async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "muster-gangs-\(UUID().uuidString)").path
        let layout = StoreLayout(root: root)
        try FileManager.default.createDirectory(
            atPath: layout.stepFolder(flow: "F", run: "1", step: "train"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        try await body(GangRecorder(layout), layout.gangFile(Self.attempt))
    }

    private func record(_ path: String, where isDue: (GangRecord) -> Bool) async throws -> GangRecord? {
        for _ in 0..<300 {
            if let record = GangRecord(path: path), isDue(record) { return record }
            try await Task.sleep(for: .milliseconds(10))
        }
        return GangRecord(path: path)
    }

    @Test("A gang in a queue is recorded with its reason, then with its hosts and states, which stay")
    func queued() async throws {
        try await self.withRecorder { recorder, path in
            recorder.note(.attemptStarted(attempt: Self.attempt, nodes: 1))
            recorder.note(.attemptSubmitted(attempt: Self.attempt, place: "slurm", job: "7"))
            recorder.note(.attemptWaiting(attempt: Self.attempt, reason: "Priority; others go first"))
            let waiting = try await self.record(path) { $0.waits != nil }
            #expect(
                waiting == GangRecord(waits: "Priority; others go first", nodes: [GangRecord.Node(state: .starting)]))
            recorder.note(.attemptPlaced(attempt: Self.attempt, hosts: ["node1"]))
            recorder.note(.nodeState(attempt: Self.attempt, node: 0, state: .running))
            let running = GangRecord(nodes: [GangRecord.Node(state: .running, host: "node1")])
            #expect(try await self.record(path) { $0.waits == nil } == running)
            recorder.note(.nodeState(attempt: Self.attempt, node: 0, state: .failed))
            recorder.note(
                .attemptFinished(
                    attempt: Self.attempt, failure: TaskFailure(code: .exit, message: "7"), retryAfter: nil,
                    caughtInto: nil))
            recorder.note(.runFinished(outcome: .succeeded))
            #expect(GangRecord(path: path)?.nodes == [GangRecord.Node(state: .failed, host: "node1")])
        }
    }

    @Test("A gang of several nodes here is recorded, one of a single node and one that is over at once are not")
    func local() async throws {
        try await self.withRecorder { recorder, path in
            recorder.note(.attemptStarted(attempt: Self.attempt, nodes: 1))
            recorder.note(.nodeState(attempt: Self.attempt, node: 0, state: .running))
            try await Task.sleep(for: .milliseconds(800))
            #expect(GangRecord(path: path) == nil)
            recorder.note(.attemptFinished(attempt: Self.attempt, failure: nil, retryAfter: nil, caughtInto: nil))
            recorder.note(.attemptStarted(attempt: Self.attempt, nodes: 2))
            recorder.note(.attemptFinished(attempt: Self.attempt, failure: nil, retryAfter: nil, caughtInto: nil))
            try await Task.sleep(for: .milliseconds(800))
            #expect(GangRecord(path: path) == nil)
            recorder.note(.attemptStarted(attempt: Self.attempt, nodes: 2))
            recorder.note(.nodeState(attempt: Self.attempt, node: 1, state: .joined))
            let record = try await self.record(path) { _ in true }
            #expect(record?.nodes.map(\.state) == [.starting, .joined])
        }
    }
}
