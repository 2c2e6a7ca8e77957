import Foundation
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterWire

/// The step protocol's files and requests as they are spelled. The Python front end's tests read the same files.
@Suite struct StepProtocolTests {
    static let reference = ArtifactReference(digest: String(repeating: "ab", count: 32), size: 8, encoding: .pickle)

    static let task: TaskFile = TaskFile(
        attempt: AttemptID(flow: "TestFlow", run: "17", step: "work", task: 3, attempt: 1), taskID: "3", user: "ada",
        originRun: "16", parameters: ["alpha": "0.50", "shape": #"{"layers": [1, 2.0]}"#, "none": .null],
        inputs: [TaskInput(step: "start", taskID: "1", artifacts: ["items": reference])],
        foreach: [
            ForeachFrame(step: "outer", index: 1, count: 2, artifact: reference),
            ForeachFrame(step: "start", index: 0, count: 3, item: "\"first\""),
        ],
        parallel: ParallelFrame(controlAddress: "127.0.1.1", nodes: 1, index: 0, controlTaskID: "3"),
        socket: "/scratch/agent.sock", temporaryFolder: "/scratch/tmp", python: "/environment/bin/python",
        tags: ["nightly"], namespace: "user:ada")

    static let requests: [AgentRequest] = [
        .artifact(reference: reference),
        .framework(
            framework: "torchrun",
            options: [
                "entrypoint": .string("t.py"), "arguments": .array([.string("--lr"), .string("0.1")]),
                "torchrunArguments": .array([]), "processesPerNode": .int(2),
            ]),
        .framework(
            framework: "deepspeed",
            options: [
                "entrypoint": .string("t.py"), "arguments": .array([]),
                "deepspeedArguments": .array([.string("--x"), .string("1")]),
            ]),
        .framework(
            framework: "mpi",
            options: [
                "operation": .string("exec"), "arguments": .array([.string("-n"), .string("2")]),
                "program": .string("pi"), "programArguments": .array([.string("a b")]),
            ]),
        .framework(framework: "mpi", options: ["operation": .string("cc"), "arguments": .array([.string("-O2")])]),
        .framework(
            framework: "parallel",
            options: [
                "arguments": .array([.string("true")]), "environment": .object([:]), "nodes": .string("all"),
            ]),
        .barrier,
        .broadcast(path: "pi"),
        .card(name: "0_default", path: "card-0_default.html"),
    ]

    /// Those of the wrapper around a launched program.
    static let wrapperRequests: [AgentRequest] = [
        .watching(label: "rank 3", wrapper: 17),
        .written(process: 1_000_003, stream: .standardError, bytes: Data([0xFF, 0x0A])),
        .watched(exit: nil),
        .watched(exit: WatchedExit(label: "rank 3", code: nil, signal: 9, lastLines: ["bad"])),
    ]

    @Test("The task file is spelled as it is written down, and read back as it was")
    func taskFile() throws {
        let line = try LineCoding.encode(Self.task)
        #expect(try differenceFromGolden("step/task.json", String(decoding: line, as: UTF8.self)) == nil)
        #expect(try LineCoding.decode(TaskFile.self, from: line) == Self.task)
    }

    @Test(
        "Every request of a front end, and of the wrapper around a launched program, is spelled as it is written down")
    func requestLines() throws {
        for (name, requests) in [("requests", Self.requests), ("wrapper", Self.wrapperRequests)] {
            let lines = try requests.map { String(decoding: try LineCoding.encode($0), as: UTF8.self) }.joined()
            #expect(try differenceFromGolden("step/\(name).jsonl", lines) == nil)
        }
    }

    @Test("A line that is too long is refused once, and what follows it is read")
    func longLine() throws {
        var buffer = LineBuffer()
        #expect(try buffer.append(Data("a\nb".utf8)) == [Data("a".utf8)])
        let piece = Data(repeating: UInt8(ascii: "x"), count: 16 << 20)
        for _ in 0..<3 { #expect(try buffer.append(piece).isEmpty) }
        #expect(throws: LineTooLong.self) { try buffer.append(piece) }
        #expect(try buffer.append(piece).isEmpty)
        #expect(try buffer.append(Data("y\nc\nd".utf8)) == [Data("c".utf8)])
        #expect(try buffer.append(Data("\n".utf8)) == [Data("d".utf8)])
    }

    @Test("The result that the Python front end leaves is read with everything in it")
    func resultFile() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/step/result.json")
        let result = try JSONDecoder().decode(ResultFile.self, from: Data(contentsOf: file))
        #expect(result.transition == .foreach(to: "next", count: 2))
        #expect(result.artifacts == ["made": ArtifactFile(path: "artifacts/made", encoding: .pickle)])
        #expect(result.unchanged == ["items": Self.reference])
        #expect(result.error == nil)
    }
}
