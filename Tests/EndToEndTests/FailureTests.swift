import Foundation
import MusterModel
import MusterProcess
import MusterStore
import Testing

/// What happens when something dies, with real processes.
@Suite(.serialized) struct FailureTests {
    @Test(
        "A failing node ends its gang, is named as the cause, and nothing survives, daemons included",
        arguments: [
            ("exit", "7"), ("signal", "9"), ("throw", "on purpose"), ("process", "9"),
        ])
    func failingNode(way: String, named: String) async throws {
        let sandbox = try Sandbox()
        let pids = "\(sandbox.folder)/pids"
        let finished = try await sandbox.run("FailingGangFlow", ["--way", way, "--pids", pids])
        #expect(finished.status == .exited(1), "\(finished)")
        let (_, machine) = try await sandbox.newest("FailingGangFlow")
        let failure = try #require(machine.tasks.first { $0.status == .failed }?.failure)
        #expect(failure.node == 2)
        #expect(finished.all.contains(named), "\(finished)")
        #expect(sandbox.leftovers(of: "FailingGangFlow").isEmpty)
        #expect(sandbox.scratch.isEmpty)
        let daemons = try String(contentsOfFile: pids, encoding: .utf8).split(separator: "\n").compactMap { Int32($0) }
        #expect(daemons.count == 4)
        for pid in daemons { #expect(!Self.isRunning(pid), "the daemon \(pid) survived") }
    }

    @Test("A signal to muster ends the run as cancelled and leaves nothing", arguments: [SIGINT, SIGTERM, SIGHUP])
    func signals(signal: CInt) async throws {
        let sandbox = try Sandbox()
        let running = try sandbox.start(["run", try sandbox.flow("FailingGangFlow"), "--way", "none", "--node", "-1"])
        try await self.waitForDaemons(sandbox)
        running.process?.signal(signal)
        let status = await running.end()
        #expect(status == .exited(128 + signal), "\(running.output)")
        #expect(try await sandbox.newest("FailingGangFlow").record.verdict == .cancelled)
        #expect(sandbox.leftovers(of: "FailingGangFlow").isEmpty)
        #expect(sandbox.scratch.isEmpty)
    }

    @Test("The same signal again ends muster at once, and the agents take everything down by themselves")
    func signalAgain() async throws {
        let sandbox = try Sandbox()
        let running = try sandbox.start(["run", try sandbox.flow("FailingGangFlow"), "--way", "none", "--node", "-1"])
        try await self.waitForDaemons(sandbox)
        running.process?.signal(SIGINT)
        running.process?.signal(SIGINT)
        #expect(await running.end() == .exited(128 + SIGINT), "\(running.output)")
        for _ in 0..<600 where !sandbox.leftovers(of: "FailingGangFlow").isEmpty {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(sandbox.leftovers(of: "FailingGangFlow").isEmpty)
    }

    @Test(
        "A step of a flow program that serves dies like any other, and so does the program itself",
        arguments: [true, false])
    func served(killsStep: Bool) async throws {
        let sandbox = try Sandbox()
        let running = try sandbox.start(["run", try sandbox.flow("WaitingFlow"), "--file", "\(sandbox.folder)/never"])
        await running.wait(for: "before")
        let serving = sandbox.leftovers(of: "WaitingFlow").filter { Self.command($0).contains("serve") }
        let server = try #require(serving.first { !ProcessTree.descendants(of: $0).isEmpty })
        let step = try #require(ProcessTree.descendants(of: server).first)
        kill(killsStep ? step : server, SIGKILL)
        #expect(await running.end() == .exited(1), "\(running.output)")
        #expect(running.output.contains("signal 9") && running.output.contains("before"), "\(running.output)")
        #expect(sandbox.leftovers(of: "WaitingFlow").isEmpty)
        #expect(sandbox.scratch.isEmpty)
    }

    @Test("muster cancel ends a run from outside")
    func cancel() async throws {
        let sandbox = try Sandbox()
        let running = try sandbox.start(["run", try sandbox.flow("FailingGangFlow"), "--way", "none", "--node", "-1"])
        try await self.waitForDaemons(sandbox)
        let record = try await sandbox.newest("FailingGangFlow").record
        let cancelled = try await sandbox.muster(["cancel", "FailingGangFlow/\(record.run)"])
        #expect(cancelled.status == .exited(0), "\(cancelled)")
        _ = await running.end()
        #expect(try await sandbox.newest("FailingGangFlow").record.verdict == .cancelled)
        #expect(sandbox.leftovers(of: "FailingGangFlow").isEmpty)
    }

    @Test("kill -9 of the engine leaves no process; resume goes on where it was and repeats nothing")
    func killedEngine() async throws {
        let sandbox = try Sandbox()
        let arguments = ["--way", "none", "--node", "-1", "--busy", "3"]
        let running = try sandbox.start(["run", try sandbox.flow("FailingGangFlow")] + arguments)
        try await self.waitForDaemons(sandbox)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        let resumed = try await sandbox.muster(["resume", try sandbox.flow("FailingGangFlow")])
        #expect(resumed.status == .exited(0), "\(resumed)")
        let (record, machine) = try await sandbox.newest("FailingGangFlow")
        #expect(record.verdict == .succeeded)
        #expect(machine.tasks.map(\.attempts) == [1, 2, 1, 1], "start ran once, the gang was interrupted once")
        #expect(sandbox.leftovers(of: "FailingGangFlow").isEmpty)
        #expect(sandbox.scratch.isEmpty)
    }

    @Test("A timeout ends the whole gang, its control node included", arguments: [0, 1])
    func timeout(sleeper: Int) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("TimeoutFlow", ["--sleeper", "\(sleeper)"])
        #expect(finished.status == .exited(1), "\(finished)")
        let (_, machine) = try await sandbox.newest("TimeoutFlow")
        #expect(machine.tasks.first { $0.status == .failed }?.failure?.code == .timeout)
        #expect(sandbox.leftovers(of: "TimeoutFlow").isEmpty)
    }

    @Test("A corrupt artifact fails the step that reads it, by name, and resume from the step that made it mends it")
    func corruptArtifact() async throws {
        let sandbox = try Sandbox()
        let arguments = ["--size", "1"]
        #expect(try await sandbox.run("ArtifactFlow", arguments).status == .exited(0))
        let (_, machine) = try await sandbox.newest("ArtifactFlow")
        let reference = try #require(machine.tasks[0].results.first?.artifacts["doubles"])
        let path = sandbox.layout.artifactFile(reference.digest)
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes[100] ^= 1
        try FileManager.default.removeItem(atPath: path)
        try bytes.write(to: URL(filePath: path))
        let resumed = try await sandbox.muster(["resume", try sandbox.flow("ArtifactFlow"), "end"])
        #expect(resumed.status == .exited(1), "\(resumed)")
        #expect(resumed.all.contains(reference.digest), "\(resumed)")
        try FileManager.default.removeItem(atPath: path)
        let mended = try await sandbox.muster(["resume", try sandbox.flow("ArtifactFlow"), "start"])
        #expect(mended.status == .exited(0), "\(mended)")
    }

    @Test("Resume after a failure clones what had succeeded")
    func resume() async throws {
        let sandbox = try Sandbox()
        let failed = try await sandbox.run("BranchFlow", ["--clash"])
        #expect(failed.status == .exited(1), "\(failed)")
        let first = try await sandbox.newest("BranchFlow").record
        let again = try await sandbox.muster(["resume", try sandbox.flow("BranchFlow")])
        #expect(again.status == .exited(1), "the clash is still there: \(again)")
        let (record, machine) = try await sandbox.newest("BranchFlow")
        #expect(record.originRun == first.run)
        #expect(
            machine.tasks.filter { $0.clonedFrom != nil }.map(\.step).sorted() == [
                "left", "right", "rightAgain", "start",
            ])
    }

    /// Waits until every node's daemon runs, so that there is something to leave behind.
    private func waitForDaemons(_ sandbox: Sandbox) async throws {
        for _ in 0..<600 {
            let marked = sandbox.leftovers(of: "FailingGangFlow")
            let sleeping = marked.filter { Self.command($0).hasPrefix("sleep") }
            if sleeping.count >= 8 { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Missing(description: "the gang did not come up")
    }

    private static func command(_ pid: Int32) -> String {
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    private static func isRunning(_ pid: Int32) -> Bool {
        Self.command(pid).hasPrefix("sleep")
    }
}
