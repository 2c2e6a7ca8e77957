import Foundation
import MusterModel
import MusterProcess
import Testing

/// Whole runs of real flow programs by the real command, engine and agents.
@Suite(.serialized) struct FlowTests {
    @Test(
        "Flows of every shape run to their end and leave no process and no scratch folder",
        arguments: [
            ("LinearFlow", "linear: 3 0.5 false linear fast [4, 2]"), ("BranchFlow", nil), ("ForeachFlow", nil),
            ("NestedForeachFlow", nil), ("ChoiceFlow", nil), ("GangFlow", "gang: [0, 1, 2, 3]"),
            ("GangForeachFlow", nil),
            ("CatchFlow", nil), ("RetryFlow", nil), ("CurrentFlow", nil),
        ] as [(String, String?)])
    func shapes(flow: String, prints: String?) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run(flow)
        #expect(finished.status == .exited(0), "\(finished)")
        if let prints { #expect(finished.all.contains(prints), "\(finished)") }
        #expect(try await sandbox.newest(flow).record.verdict == .succeeded)
        #expect(sandbox.leftovers(of: flow).isEmpty)
        #expect(sandbox.scratch.isEmpty)
    }

    @Test("Parameters of every type come from options, in both spellings, and from the environment")
    func parameters() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run(
            "LinearFlow",
            ["--count", "5", "--learning-rate=0.25", "--verbose", "--mode", "slow", "--shape", #"{"layers":[7]}"#],
            environment: ["MUSTER_PARAMETER_TITLE": "from the environment"])
        #expect(finished.all.contains("linear: 5 0.25 true from the environment slow [7]"), "\(finished)")
    }

    @Test(
        "Bad parameters are refused with their name before a run is made",
        arguments: [
            (["--count", "many"], "count"), (["--colour", "red"], "colour"), (["--mode", "sideways"], "mode"),
            (["--shape", "{"], "shape"),
        ])
    func badParameters(arguments: [String], named: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("LinearFlow", arguments)
        #expect(finished.status == .exited(2), "\(finished)")
        #expect(finished.errors.contains(named), "\(finished)")
        await #expect(throws: (any Error).self) { _ = try await sandbox.newest("LinearFlow") }
    }

    @Test("A gang of 0, of fewer and of a million nodes is refused with the number", arguments: [0, -1, 1_000_000])
    func gangSizes(nodes: Int) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("GangFlow", ["--nodes=\(nodes)"])
        #expect(finished.status == .exited(1), "\(finished)")
        #expect(finished.all.contains("asked for \(nodes) nodes"), "\(finished)")
    }

    @Test("Everything that a program wrote is in its log, whatever the bytes and however fast it left")
    func noise() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("NoisyFlow", ["--bytes", "20000000"])
        #expect(finished.status == .exited(0), "\(finished.status)")
        let (_, machine) = try await sandbox.newest("NoisyFlow")
        let record = try await sandbox.newest("NoisyFlow").record
        let start = AttemptID(flow: "NoisyFlow", run: record.run, step: "start", task: 1, attempt: 0)
        #expect(try sandbox.log(start).count == 20_000_000)
        let odd = AttemptID(flow: "NoisyFlow", run: record.run, step: machine[2].step, task: 2, attempt: 0)
        var expected = Data([0xff, 0xfe, 0x80, 0x0a])
        for percent in stride(from: 0, through: 100, by: 25) { expected += Data("\rprogress \(percent)%".utf8) }
        expected += Data("\n\u{1b}[1mbold\u{1b}[0m\nno newline at the end".utf8)
        #expect(try sandbox.log(odd) == expected)
        let shown = try await sandbox.muster(["logs", "NoisyFlow/\(record.run)/odd/2"])
        #expect(shown.output.contains("no newline at the end"))
    }

    @Test("Two runs at once in one folder both work")
    func together() async throws {
        let sandbox = try Sandbox()
        async let first = sandbox.run("GangFlow")
        async let second = sandbox.run("ForeachFlow", ["--count", "20"])
        let both = try await [first, second]
        #expect(both.map(\.status) == [.exited(0), .exited(0)], "\(both)")
    }

    @Test("A flow program that crashes in describe, one that is missing and one that is none are named")
    func badPrograms() async throws {
        let sandbox = try Sandbox()
        for way in ["signal", "exit", "garbage", "silence"] {
            let crash = try await sandbox.run("CrashFlow", environment: ["MUSTER_CRASH": way])
            #expect(crash.status == .exited(2), "\(way): \(crash)")
            #expect(crash.errors.contains("CrashFlow"), "\(way): \(crash)")
        }
        let missing = try await sandbox.muster(["run", "\(sandbox.folder)/nothing"])
        #expect(missing.status != .exited(0))
        #expect(missing.errors.contains("nothing"), "\(missing)")
        let none = try await sandbox.muster(["run", "/bin/true"])
        #expect(none.status == .exited(2), "\(none)")
    }
}
