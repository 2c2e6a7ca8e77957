import Foundation
import MusterModel
import MusterProcess
import Testing

/// Whole runs at a place with a queue that is a backend program: agents as plain processes of this machine, without
/// standard streams, which reach their engine through the store alone.
@Suite(.serialized, .timeLimit(.minutes(30))) struct BackendProgramTests {
    private static let flow = "PlacedFlow"

    /// A sandbox with the sample on the PATH, and its jobs in a folder of the sandbox.
    private func environment(of sandbox: Sandbox) -> [String: String] {
        [
            "PATH":
                "\(PythonFlowTests.root)/Examples/Backends:\(ProcessInfo.processInfo.environment["PATH"] ?? "/bin:/usr/bin")",
            "MUSTER_PROCESSES": "\(sandbox.folder)/jobs",
        ]
    }

    private func placed(_ sandbox: Sandbox, mode: String) throws -> [String] {
        let marks = "\(sandbox.folder)/marks"
        try FileManager.default.createDirectory(atPath: marks, withIntermediateDirectories: true)
        return ["run", PythonFlowTests.flow("placed"), "--with", "processes", "--mode", mode, "--marks", marks]
    }

    private func untilBegun(_ sandbox: Sandbox) async throws {
        try await PlacedBodies.untilBegun("\(sandbox.folder)/marks")
    }

    private func expectNothingLeft(_ sandbox: Sandbox, of flow: String) async throws {
        // A job has 15 s to leave by itself.
        for _ in 0..<300 where !sandbox.leftovers(of: flow).isEmpty { try await Task.sleep(for: .milliseconds(100)) }
        #expect(sandbox.leftovers(of: flow).isEmpty)
        sandbox.expectNoTransientObjects()
    }

    @Test(
        "Flows of every shape come to the same end at a place with a queue as here",
        arguments: [
            ("LinearFlow", ["linear: 3 0.5 false linear fast [4, 2]"]), ("BranchFlow", []), ("ForeachFlow", []),
            ("GangFlow", ["gang: [0, 1, 2, 3]"]), ("CatchFlow", []), ("RetryFlow", []), ("RingFlow", []),
            ("ElasticFlow", []),
        ])
    func shapes(flow: String, prints: [String]) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run(
            flow, ["--on", "processes", "--max-workers", "8"], environment: self.environment(of: sandbox))
        #expect(finished.status == .exited(0), "\(finished)")
        for text in prints { #expect(finished.all.contains(text), "\(finished)") }
        let (record, machine) = try await sandbox.newest(flow)
        #expect(record.verdict == .succeeded)
        #expect(machine.tasks.allSatisfy { $0.job != nil })
        try await self.expectNothingLeft(sandbox, of: flow)
    }

    @Test(
        "A framework's cluster forms at a place with a queue",
        arguments: ["torchrun", "mpi", "ray", "tensorflow", "deepspeed"])
    func frameworks(framework: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run(
            "FrameworkFlow", ["--framework", framework, "--nodes", "2", "--on", "processes"],
            environment: self.environment(of: sandbox))
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("first-collective"), "\(finished)")
        try await self.expectNothingLeft(sandbox, of: "FrameworkFlow")
    }

    @Test("A node that fails ends the gang and is named")
    func failure() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(
            self.placed(sandbox, mode: "fails"), environment: self.environment(of: sandbox))
        #expect(finished.status == .exited(1), "\(finished)")
        #expect(finished.all.contains("told to fail"), "\(finished)")
        #expect(try await sandbox.newest(Self.flow).machine[2].failure?.node == 1)
        try await self.expectNothingLeft(sandbox, of: Self.flow)
    }

    @Test("A run that is cancelled, by its engine or after it was killed, leaves no process", arguments: [false, true])
    func cancelled(isEngineKilled: Bool) async throws {
        let sandbox = try Sandbox()
        let environment = self.environment(of: sandbox)
        let running = try sandbox.start(self.placed(sandbox, mode: "waits"), environment: environment)
        try await self.untilBegun(sandbox)
        if isEngineKilled {
            running.process?.signal(SIGKILL)
            _ = await running.end()
        }
        let cancel = try await sandbox.muster(["cancel", Self.flow], environment: environment)
        #expect(cancel.status == .exited(0), "\(cancel)")
        if !isEngineKilled { #expect(await running.end() == .exited(1), "\(running.output)") }
        #expect(try await sandbox.newest(Self.flow).record.verdict == .cancelled)
        try await self.expectNothingLeft(sandbox, of: Self.flow)
    }

    @Test("A gang outlives its engine: resume goes on with the same job, and no body runs twice")
    func resumed() async throws {
        let sandbox = try Sandbox()
        let environment = self.environment(of: sandbox)
        let running = try sandbox.start(self.placed(sandbox, mode: "waits"), environment: environment)
        try await self.untilBegun(sandbox)
        let before = try await sandbox.newest(Self.flow)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        let resume = try sandbox.start(
            ["resume", PythonFlowTests.flow("placed"), "--with", "processes"], environment: environment)
        await resume.wait(for: "train/2 started")
        _ = FileManager.default.createFile(atPath: "\(sandbox.folder)/marks/go", contents: nil)
        #expect(await resume.end() == .exited(0), "\(resume.output)")
        #expect(PlacedBodies.begun("\(sandbox.folder)/marks") == ["0", "1", "2"], "no body ran twice")
        let after = try await sandbox.newest(Self.flow)
        #expect(after.record.run == before.record.run)
        #expect(after.machine[2].attempts == 1 && after.machine[2].job == before.machine[2].job)
        try await self.expectNothingLeft(sandbox, of: Self.flow)
    }

    @Test(
        "Bodies run once, and the run comes to its end, wherever the engine is killed",
        arguments: [
            "run PlacedFlow", "start/1 started", "start/1 submitted", "start/1 succeeded", "train/2 started",
            "train/2 submitted", "train/2[0] joined", "train/2[0] running", "train/2[1] succeeded", "train/2 succeeded",
            "join/3 started", "join/3 submitted", "join/3 succeeded", "end/4 submitted",
        ])
    func killed(at event: String) async throws {
        let sandbox = try Sandbox()
        let environment = self.environment(of: sandbox)
        let running = try sandbox.start(self.placed(sandbox, mode: "ends"), environment: environment)
        await running.wait(for: event)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        let resume = try await sandbox.muster(
            ["resume", PythonFlowTests.flow("placed"), "--with", "processes"], environment: environment)
        #expect(resume.status == .exited(0), "\(running.output)\n\(resume)")
        #expect(PlacedBodies.begun("\(sandbox.folder)/marks") == ["0", "1", "2"], "\(running.output)\n\(resume)")
        let (record, machine) = try await sandbox.newest(Self.flow)
        #expect(record.verdict == .succeeded)
        #expect(machine.tasks.allSatisfy { $0.attempts == 1 }, "\(running.output)\n\(resume)")
        try await self.expectNothingLeft(sandbox, of: Self.flow)
    }

    /// The process group of a node of the gang.
    private func group(of node: Int, _ sandbox: Sandbox) throws -> Int32 {
        let jobs = "\(sandbox.folder)/jobs"
        let names = try FileManager.default.contentsOfDirectory(atPath: jobs).filter { $0.contains("-train-") }
        let text = try String(
            contentsOfFile: "\(jobs)/\(try #require(names.first))/node-\(node).process", encoding: .utf8)
        return try #require(text.split(separator: " ").first.flatMap { Int32($0) })
    }

    @Test("The agents of a job are killed: the attempt fails once the store has been silent, and nothing is left")
    func lostJob() async throws {
        let sandbox = try Sandbox()
        let environment = self.environment(of: sandbox)
        let running = try sandbox.start(self.placed(sandbox, mode: "waits"), environment: environment)
        try await self.untilBegun(sandbox)
        // Node 0 first: the others cannot report.
        for node in 0..<3 { kill(-(try self.group(of: node, sandbox)), SIGKILL) }
        // The store has been silent for 90 s then.
        #expect(await running.end() == .exited(1), "\(running.output)")
        #expect(running.output.contains("failed before its agents could report"), "\(running.output)")
        try await self.expectNothingLeft(sandbox, of: Self.flow)
    }

    @Test("An option that the place does not know is refused with its name, and a place that is not there is told")
    func refusals() async throws {
        let sandbox = try Sandbox()
        let environment = self.environment(of: sandbox)
        let wrong = try await sandbox.run(
            "LinearFlow", ["--on", "processes:nise=5"], environment: environment)
        #expect(wrong.status == .exited(1), "\(wrong)")
        #expect(wrong.all.contains("has no option nise"), "\(wrong)")
        let nowhere = try await sandbox.run("LinearFlow", ["--on", "nowhere"], environment: environment)
        #expect(nowhere.status == .exited(2), "\(nowhere)")
        #expect(nowhere.errors.contains("there is no such place"), "\(nowhere)")
    }

    @Test("A dry run prints every request, whole and without parameters, and starts nothing")
    func dryRun() async throws {
        let sandbox = try Sandbox()
        let environment = self.environment(of: sandbox)
        let dry = try await sandbox.run(
            "GangFlow", ["--on", "processes", "--dry-run", "--nodes", "3"], environment: environment)
        #expect(dry.status == .exited(0), "\(dry)")
        #expect(dry.output.contains("processes, json"), "\(dry)")
        #expect(dry.output.contains("\"node\","), "\(dry)")
        #expect(!FileManager.default.fileExists(atPath: sandbox.store))
        #expect(!FileManager.default.fileExists(atPath: "\(sandbox.folder)/jobs"))
        let local = try await sandbox.run("GangFlow", ["--on", "local", "--dry-run"], environment: environment)
        #expect(local.output.split(separator: "\n").allSatisfy { $0.hasSuffix(": on this machine") }, "\(local)")
        let step = try await sandbox.muster(
            ["show", try sandbox.flow("GangFlow"), "start", "--request", "--with", "processes", "--json"],
            environment: environment)
        #expect(step.status == .exited(0), "\(step)")
        #expect(step.output.split(separator: "\n").count == 1 && step.output.contains("\"step\":\"start\""), "\(step)")
    }
}
