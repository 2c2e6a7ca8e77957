import Foundation
import MusterModel
import MusterProcess
import Testing

/// What steps leave that is hard to find, when the processes that should end it are killed.
@Suite(.serialized, .timeLimit(.minutes(10))) struct LeavingTests {
    static let flow = "LeftoverProcessesFlow"

    enum Victim: String, CaseIterable, CustomTestStringConvertible {
        case nobody, agent, keeper, engine, engineAndAgent, stoppedAgentOfKilledEngine
        var testDescription: String { self.rawValue }
    }

    @Test(
        "Whoever is killed, no process of the step lives on: forked, in sessions of their own, without environment, stopped",
        arguments: Victim.allCases)
    func nothingLives(victim: Victim) async throws {
        let sandbox = try Sandbox()
        let (running, pids) = try await self.start(sandbox, "--seconds", victim == .nobody ? "0" : "300")
        let engine = try #require(running.process)
        let keeper = ProcessTree.descendants(of: engine.pid).first { Self.name($0) == "muster-keeper" }
        let agent = ProcessTree.descendants(of: engine.pid).first { Self.name($0) == "muster-agent" }
        switch victim {
        case .nobody: break
        case .agent: kill(try #require(agent), SIGKILL)
        case .keeper: kill(try #require(keeper), SIGKILL)
        case .engine: engine.signal(SIGKILL)
        case .engineAndAgent:
            let agent = try #require(agent)
            // Together: neither may live on to see the other's end.
            kill(engine.pid, SIGSTOP)
            kill(agent, SIGKILL)
            kill(engine.pid, SIGKILL)
        case .stoppedAgentOfKilledEngine:
            kill(try #require(agent), SIGSTOP)
            engine.signal(SIGKILL)
        }
        let status = await running.end()
        if victim == .nobody { #expect(status == .exited(0), "\(running.output)") }
        if victim == .agent || victim == .keeper {
            #expect(status == .exited(1) && running.output.contains("ended: signal 9 (SIGKILL)"), "\(running.output)")
        }
        // Who is left alone takes a moment, an engine that lives does not end before.
        for _ in 0..<600 where status == .signaled(SIGKILL) && pids.contains(where: Self.lives) {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(pids.filter(Self.lives).isEmpty)
        #expect(sandbox.leftovers(of: Self.flow).isEmpty)
        if status != .signaled(SIGKILL) { #expect(sandbox.scratch.isEmpty) }
    }

    @Test(
        "What a killed engine and its killed agent left of folders the next run clears away, but nothing of one that lives"
    )
    func clearsLeftovers() async throws {
        let sandbox = try Sandbox()
        let (other, _) = try await self.start(sandbox, "--seconds", "300")
        let living = Set(sandbox.scratch)
        let (running, pids) = try await self.start(sandbox, "--seconds", "300")
        let engine = try #require(running.process)
        for process in [engine.pid] + ProcessTree.descendants(of: engine.pid) { kill(process, SIGKILL) }
        _ = await running.end()
        for _ in 0..<600 where pids.contains(where: Self.lives) { try await Task.sleep(for: .milliseconds(100)) }
        #expect(Set(sandbox.scratch).isStrictSuperset(of: living), "\(sandbox.scratch)")
        let incoming = "\(sandbox.store)/incoming"
        try FileManager.default.createDirectory(atPath: "\(incoming)/package-old", withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: "\(incoming)/old"))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -7200)], ofItemAtPath: "\(incoming)/old")
        let next = try await sandbox.run("LinearFlow")
        #expect(next.status == .exited(0), "\(next)")
        #expect(Set(sandbox.scratch) == living, "\(sandbox.scratch)")
        // A file that has just come may be about to be held.
        #expect(try FileManager.default.contentsOfDirectory(atPath: incoming) == ["old"])
        other.process?.signal(SIGTERM)
        #expect(await other.end() == .exited(128 + SIGTERM), "\(other.output)")
        #expect(sandbox.scratch.isEmpty)
    }

    @Test(
        "A user who may have few processes is told so, and nothing hangs", .enabled(if: getuid() == 0),
        arguments: [3, 10, 24, 40])
    func fewProcesses(limit: Int) async throws {
        let sandbox = try Sandbox()
        chmod(sandbox.folder, 0o777)
        let user = 61_000 + limit
        let script = """
            import os, resource, sys
            resource.setrlimit(resource.RLIMIT_NPROC, (\(limit), \(limit)))
            os.setgroups([]); os.setgid(\(user)); os.setuid(\(user))
            os.execv(sys.argv[1], sys.argv[1:])
            """
        let spec = ProcessSpec(
            executable: "python3",
            arguments: [
                "-c", script, "\(Sandbox.programs)/muster", "run", PythonFlowTests.flow("inherited"), "--store",
                "\(sandbox.folder)/store",
            ],
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": sandbox.folder],
            workingDirectory: sandbox.folder)
        let finished = Finished(try await sandbox.reactor.run(spec))
        // What is enough depends on the machine; too few they certainly are below two dozen.
        #expect(finished.status != .exited(0) || limit > 24, "\(finished)")
        #expect(
            finished.status == .exited(0) || finished.all.contains("Resource temporarily unavailable")
                || finished.all.contains("can't start new thread"), "\(finished)")
    }

    @Test("A folder that its owner may not enter goes, for a user without privileges too", .enabled(if: getuid() == 0))
    func unprivileged() async throws {
        let sandbox = try Sandbox()
        chmod(sandbox.folder, 0o777)
        let spec = ProcessSpec(
            executable: "python3",
            arguments: [
                "-c",
                "import os, sys; os.setgroups([]); os.setgid(61001); os.setuid(61001); os.execv(sys.argv[1], sys.argv[1:])",
                "\(Sandbox.programs)/muster", "run", PythonFlowTests.flow("leftover_processes"), "--pids",
                "\(sandbox.folder)/pids",
                "--seconds", "0",
            ],
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": sandbox.folder],
            workingDirectory: sandbox.folder)
        let finished = Finished(try await sandbox.reactor.run(spec))
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(!finished.all.contains("stays"), "\(finished)")
        #expect(sandbox.scratch.isEmpty)
    }

    // MARK: Helpers

    /// The flow, once all that it leaves is there, and the processes' ids.
    private func start(_ sandbox: Sandbox, _ arguments: String...) async throws -> (Running, [Int32]) {
        let file = "\(sandbox.folder)/pids-\(UInt32.random(in: 0 ... .max))"
        let flow = PythonFlowTests.flow("leftover_processes")
        let running = try sandbox.start(["run", flow, "--pids", file] + arguments)
        await running.wait(for: "everything is up")
        let pids = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").compactMap { Int32($0) }
        try #require(pids.count == 5, "\(running.output)")
        return (running, pids)
    }

    private static func lives(_ pid: Int32) -> Bool { ProcessTree.identity(of: pid) != nil }

    private static func name(_ pid: Int32) -> String? {
        ProcessTree.identity(of: pid).flatMap(ProcessTree.name(of:))
    }
}
