import Foundation
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterWire

/// The lines between the engine and an agent: its standard input and output.
@Suite struct AgentProtocolTests {
    static let attempt = AttemptID(flow: "Train", run: "17", step: "train", task: 3, attempt: 1)
    static let failure = TaskFailure(code: .cancelled, message: "the run was cancelled")

    static let task = TaskFile(
        attempt: attempt, taskID: "", user: "ada",
        parallel: ParallelFrame(controlAddress: "", nodes: 0, index: 0, controlTaskID: ""), socket: "",
        temporaryFolder: "")

    /// A node of a gang with everything that a specification can hold.
    static let full: NodeSpec = {
        var spec = NodeSpec(
            attempt: attempt, index: 1, size: 4, minimum: 2, address: "127.0.1.2", secret: "a2V5",
            rendezvousDeadline: 60,
            timeout: 3600, grace: 1.5, program: ["/bin/python3", "flow.py"], task: task, store: "/home/ada/.muster",
            package: "/home/ada/.muster/package", scratch: "/home/ada/.muster/scratch/1", temporary: "/tmp/muster-1/1",
            environment: ["PATH": "/usr/bin:/bin"],
            framework: FrameworkSettings(name: "ray", options: ["dashboard": .bool(true)]), cpus: 4, gpus: 1,
            memory: 1 << 30)
        spec.clusterSecret = "word"
        spec.timeoutPatience = 5
        spec.taskFile = "/home/ada/.muster/scratch/task.json"
        return spec
    }()

    /// The node of a gang of one that runs in place and may run another attempt.
    static let small = NodeSpec(
        attempt: attempt, index: 0, size: 1, address: "127.0.0.1", secret: "a2V5", rendezvousDeadline: 60, timeout: nil,
        grace: 1.5, program: ["/home/ada/flow"], task: task, store: "/home/ada/.muster", package: "/home/ada",
        inPlace: InPlace(workFolder: "/home/ada", flowFolder: "/home/ada/flows", revision: 2), scratch: "/scratch/0",
        environment: [:], framework: nil, cpus: 1, gpus: 0, reusable: true, serves: true)

    static let next = NextAttempt(task, file: "/scratch/task.json")

    static let commands: [AgentCommand] = [
        .control(address: "127.0.1.1", port: 41234), .stop(failure: failure),
    ]

    static let statuses: [AgentStatus] = [
        .listening(port: 41234), .joined(node: 1), .formed(nodes: [0, 2]), .started(node: 1),
        .log(node: 1, bytes: 4096),
        .ended(node: 1, status: .stopped),
        .finished(
            report: GangReport(
                failure: failure,
                nodes: [
                    NodeReport(
                        index: 0, status: .succeeded, result: NodeResult(transition: .step(to: "join"), artifacts: [:])),
                    NodeReport(index: 1, status: .stopped),
                ], started: 1000, finished: 1001.5)),
        .reported(path: "/home/ada/.muster/report.json"), .ready,
    ]

    /// Encodes each value as a line and expects that it is read back as it was.
    private static func lines<Value: Codable & Equatable>(_ values: [Value]) throws -> String {
        try values.map { value in
            let line = try LineCoding.encode(value)
            #expect(try LineCoding.decode(Value.self, from: line) == value)
            return String(decoding: line, as: UTF8.self)
        }.joined()
    }

    @Test("A node's specification is spelled as it is written down, and read back as it was")
    func specifications() throws {
        #expect(try differenceFromGolden("agent/spec.jsonl", Self.lines([Self.full, Self.small])) == nil)
        #expect(try differenceFromGolden("agent/next.jsonl", Self.lines([Self.next])) == nil)
    }

    @Test("The engine's commands are spelled as they are written down, and read back as they were")
    func commands() throws {
        #expect(try differenceFromGolden("agent/commands.jsonl", Self.lines(Self.commands)) == nil)
    }

    @Test("An agent's status lines are spelled as they are written down, and read back as they were")
    func statuses() throws {
        #expect(try differenceFromGolden("agent/statuses.jsonl", Self.lines(Self.statuses)) == nil)
    }
}
