import Foundation
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterBackends

@Suite struct JobStateCodingTests {
    static let states: [JobState] = [
        .queued(JobWait(reason: "Priority")),
        .queued(JobWait(reason: "X", advice: "do y", isHopeless: true, estimate: "tomorrow")),
        .running(hosts: []), .running(hosts: ["a", "b"]),
        .ended(JobEnd(kind: .nodeFailed, reason: "NODE_FAIL")),
        .ended(JobEnd(kind: .failed, reason: "FAILED", exitCode: 3, signal: 9)),
        .unknown(reason: "timeout"),
    ]

    @Test("States, requests and launches have the documented JSON, and come back from it")
    func golden() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let launch = GangLaunch(
            attempt: JobNameTests.attempt, name: "mu-x-train-12-0", nodes: 4, minimum: 2,
            resources: Resources(cpu: 8, gpu: 2, memory: 1 << 34), command: ["/s/agent", "node"], folder: "/s/12.0",
            timeLimit: 60, place: PlaceSettings(name: "slurm", options: ["partition": .string("gpu")]))
        var lines = try Self.states.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        lines.append(String(decoding: try encoder.encode(launch), as: UTF8.self))
        lines.append(String(decoding: try encoder.encode(BackendCapabilities()), as: UTF8.self))
        lines.append(
            String(decoding: try encoder.encode(BackendRequest(name: "n", kind: "yaml", text: "a: b\n")), as: UTF8.self)
        )
        #expect(try differenceFromGolden("backend/values.jsonl", lines.joined(separator: "\n") + "\n") == nil)
        for (line, state) in zip(lines, Self.states) {
            #expect(try JSONDecoder().decode(JobState.self, from: Data(line.utf8)) == state)
        }
        #expect(try JSONDecoder().decode(GangLaunch.self, from: Data(lines[Self.states.count].utf8)) == launch)
    }

    @Test("A state of a later version says nothing")
    func later() throws {
        let state = try JSONDecoder().decode(JobState.self, from: Data(#"{"teleported":{"to":"x"}}"#.utf8))
        guard case .unknown = state else {
            Issue.record("it became \(state)")
            return
        }
    }
}
