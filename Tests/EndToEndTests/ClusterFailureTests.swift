import Foundation
import MusterModel
import MusterProcess
import Testing

/// What happens to clusters of several frameworks when a process of theirs dies.
@Suite(.serialized, .timeLimit(.minutes(20))) struct ClusterFailureTests {
    @Test(
        "The process that fails is named, with its end and its last words, and nothing of the others survives",
        arguments: ["torchrun", "openmpi", "mpich", "system", "parallel"], ["exit", "kill", "segv"])
    func failingProcess(framework: String, way: String) async throws {
        let sandbox = try Sandbox()
        let pids = "\(sandbox.folder)/pids"
        let begin = ContinuousClock.now
        let finished = try await sandbox.run(
            "FailingClusterFlow", ["--framework", framework, "--way", way, "--pids", pids])
        // The others would have slept for a minute.
        #expect(begin.duration(to: .now) < .seconds(45))
        #expect(finished.status == .exited(1), "\(finished)")
        let machine = try await sandbox.newest("FailingClusterFlow").machine
        let failure = try #require(machine.tasks.first { $0.status == .failed }?.failure)
        #expect(failure.node == 1, "\(failure)")
        if framework != "parallel" { #expect(failure.process == "rank 1", "\(failure)") }
        switch way {
        case "exit": #expect(failure.exitCode == 7, "\(failure)")
        case "kill": #expect(failure.signal == 9, "\(failure)")
        default: #expect(failure.signal == 11, "\(failure)")
        }
        #expect(failure.lastLines.contains { $0.contains("rank 1 fails on purpose") }, "\(failure)")
        for node in [0, 2] { #expect(finished.all.contains("[\(node)] stopped"), "\(finished)") }
        try await self.expectNothingLeft(sandbox, pids: pids)
    }

    @Test(
        "A rank that somebody asks to end is named, where its launcher would wait for ever",
        arguments: ["openmpi", "mpich", "system"])
    func toldRank(framework: String) async throws {
        let sandbox = try Sandbox()
        let pids = "\(sandbox.folder)/pids"
        let finished = try await sandbox.run(
            "FailingClusterFlow", ["--framework", framework, "--way", "told", "--pids", pids])
        #expect(finished.status == .exited(1), "\(finished)")
        let failure = try #require(
            try await sandbox.newest("FailingClusterFlow").machine.tasks.first { $0.status == .failed }?.failure)
        #expect(failure.node == 1 && failure.process == "rank 1" && failure.signal == 15, "\(failure)")
        try await self.expectNothingLeft(sandbox, pids: pids)
    }

    @Test(
        "A rank whose wrapper is killed is named, and not what its launcher killed for that on other nodes",
        arguments: ["openmpi", "mpich", "system"])
    func unwatchedRank(framework: String) async throws {
        let sandbox = try Sandbox()
        let pids = "\(sandbox.folder)/pids"
        let finished = try await sandbox.run(
            "FailingClusterFlow", ["--framework", framework, "--way", "unwatched", "--pids", pids])
        #expect(finished.status == .exited(1), "\(finished)")
        let failure = try #require(
            try await sandbox.newest("FailingClusterFlow").machine.tasks.first { $0.status == .failed }?.failure)
        #expect(failure.node == 1 && failure.process == "rank 1" && failure.signal == 9, "\(failure)")
        try await self.expectNothingLeft(sandbox, pids: pids)
    }

    @Test(
        "A program that has its launcher abort all ranks is the cause, and not the ranks that the launcher kills",
        arguments: ["openmpi", "mpich", "system"])
    func abort(framework: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("FailingClusterFlow", ["--framework", framework, "--way", "abort"])
        #expect(finished.status == .exited(1), "\(finished)")
        let failure = try #require(
            try await sandbox.newest("FailingClusterFlow").machine.tasks.first { $0.status == .failed }?.failure)
        #expect(failure.exitCode == 5, "\(failure)")
        #expect(["rank 1", "mpiexec"].contains(failure.process), "\(failure)")
    }

    @Test(
        "Ranks on a machine without a network meet on the loopback interface", .enabled(if: getuid() == 0),
        arguments: ["mpich", "system"])
    func offline(framework: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.runOffline(
            "FailingClusterFlow", ["--framework", framework, "--way", "abort"])
        #expect(finished.status == .exited(1), "\(finished)")
        let failure = try #require(
            try await sandbox.newest("FailingClusterFlow").machine.tasks.first { $0.status == .failed }?.failure)
        // They abort after a barrier.
        #expect(failure.exitCode == 5, "\(failure)")
    }

    @Test(
        "Processes that take no notice of SIGTERM hold nobody up when another one fails",
        arguments: ["torchrun", "openmpi", "mpich", "system", "parallel"])
    func deaf(framework: String) async throws {
        let sandbox = try Sandbox()
        let pids = "\(sandbox.folder)/pids"
        let begin = ContinuousClock.now
        let finished = try await sandbox.run(
            "FailingClusterFlow", ["--framework", framework, "--way", "deaf", "--pids", pids])
        #expect(begin.duration(to: .now) < .seconds(45))
        #expect(finished.status == .exited(1), "\(finished)")
        let failure = try #require(
            try await sandbox.newest("FailingClusterFlow").machine.tasks.first { $0.status == .failed }?.failure)
        #expect(failure.node == 1 && failure.exitCode == 7, "\(failure)")
        try await self.expectNothingLeft(sandbox, pids: pids)
    }

    @Test("A cluster's run that is cancelled leaves nothing", arguments: ["torchrun", "mpich"])
    func cancelled(framework: String) async throws {
        let sandbox = try Sandbox()
        let pids = "\(sandbox.folder)/pids"
        let running = try sandbox.start([
            "run", try sandbox.flow("FailingClusterFlow"), "--framework", framework, "--node", "-1", "--pids", pids,
        ])
        for node in 0..<3 { await running.wait(for: "rank \(node) on node \(node)") }
        let cancelled = try await sandbox.muster(["cancel", "FailingClusterFlow"])
        #expect(cancelled.status == .exited(0), "\(cancelled)")
        _ = await running.end()
        try await self.expectNothingLeft(sandbox, pids: pids)
    }

    @Test("A cluster whose engine is killed takes itself down", arguments: ["torchrun", "openmpi"])
    func engineKilled(framework: String) async throws {
        let sandbox = try Sandbox()
        let pids = "\(sandbox.folder)/pids"
        let running = try sandbox.start([
            "run", try sandbox.flow("FailingClusterFlow"), "--framework", framework, "--node", "-1", "--pids", pids,
        ])
        for node in 0..<3 { await running.wait(for: "rank \(node) on node \(node)") }
        running.process?.signal(SIGKILL)
        _ = await running.end()
        for _ in 0..<300 where !sandbox.leftovers(of: "FailingClusterFlow").isEmpty {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(
            sandbox.scratch.count == 1, "the engine's own folder, which the next command removes: \(sandbox.scratch)")
        #expect(try await sandbox.run("LinearFlow").status == .exited(0))
        try await self.expectNothingLeft(sandbox, pids: pids)
    }

    @Test("A second attempt has another port and another rendezvous, and finds nothing of the first")
    func retry() async throws {
        let sandbox = try Sandbox()
        let ports = "\(sandbox.folder)/ports"
        let finished = try await sandbox.run("RetryClusterFlow", ["--ports", ports])
        #expect(finished.status == .exited(0), "\(finished)")
        let lines = try String(contentsOfFile: ports, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines.count == 4, "two nodes, twice: \(lines)")
        #expect(Set(lines).count == 2, "\(lines)")
        #expect(Set(lines.compactMap { $0.split(separator: " ").first }).count == 2, "the port is the same: \(lines)")
    }

    private func expectNothingLeft(_ sandbox: Sandbox, pids: String) async throws {
        #expect(sandbox.leftovers(of: "FailingClusterFlow").isEmpty)
        #expect(sandbox.scratch.isEmpty)
        let daemons = try String(contentsOfFile: pids, encoding: .utf8).split(separator: "\n").compactMap { Int32($0) }
        #expect(!daemons.isEmpty)
        for pid in daemons { #expect(ProcessTree.identity(of: pid) == nil, "the daemon \(pid) survived") }
    }
}
