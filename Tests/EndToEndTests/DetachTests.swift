import Foundation
import MusterMetadata
import MusterModel
import MusterProcess
import MusterStore
import Testing

/// Runs that go on without the terminal and the command that started them.
@Suite(.serialized, .timeLimit(.minutes(10))) struct DetachTests {
    private static let flow = "WaitingFlow"

    private func go(_ sandbox: Sandbox) -> String { "\(sandbox.folder)/go" }

    private func make(_ file: String) { _ = FileManager.default.createFile(atPath: file, contents: nil) }

    /// Starts a run detached. What it leaves lives for as long as the nest.
    private func detach(
        _ sandbox: Sandbox, _ more: [String] = [], environment: [String: String] = [:]
    ) async throws -> (nest: Nest, Finished) {
        try await self.muster(
            sandbox, ["run", try sandbox.flow(Self.flow), "--detach", "--file", self.go(sandbox)] + more, environment)
    }

    private func muster(
        _ sandbox: Sandbox, _ arguments: [String], _ environment: [String: String] = [:]
    ) async throws -> (nest: Nest, Finished) {
        let nest = try Nest(sandbox, ["\(Sandbox.programs)/muster"] + arguments, environment: environment)
        return (nest, try await nest.finished())
    }

    private func console(_ sandbox: Sandbox) async throws -> String {
        let record = try await sandbox.newest(Self.flow).record
        let file = sandbox.layout.console(flow: record.flow, run: record.run)
        return String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    }

    private func engine(_ sandbox: Sandbox) async throws -> Int32? {
        let record = try await sandbox.newest(Self.flow).record
        return RunLock.holder(path: sandbox.layout.runLock(flow: record.flow, run: record.run))?.place?.identity.pid
    }

    private func untilOver(_ sandbox: Sandbox) async throws {
        for _ in 0..<300 where try await self.engine(sandbox) != nil { try await Task.sleep(for: .milliseconds(100)) }
    }

    @Test("A detached run is begun by a command that returns, lives in a session of its own, and is attached to")
    func attached() async throws {
        let sandbox = try Sandbox()
        let (nest, started) = try await self.detach(sandbox)
        #expect(started.status == .exited(0), "\(started)")
        let record = try await sandbox.newest(Self.flow).record
        for text in [
            "attach \(record.key)", "cancel \(record.key)",
            sandbox.layout.console(flow: record.flow, run: record.run),
        ] { #expect(started.output.contains(text), "\(started)") }
        let engine = try #require(try await self.engine(sandbox))
        #expect(getsid(engine) == engine)
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(engine)/fd/0") == "/dev/null")

        let attached = try sandbox.start(["attach", "\(record.key)"])
        await attached.wait(for: "before")
        #expect(attached.output.contains("run \(record.key) started"), "\(attached.output)")
        attached.process?.signal(SIGINT)
        #expect(await attached.end() == .exited(130), "\(attached.output)")
        #expect(attached.output.contains("the run goes on"), "\(attached.output)")
        #expect(try await self.engine(sandbox) == engine)

        let again = try sandbox.start(["attach", Self.flow])
        await again.wait(for: "before")
        self.make(self.go(sandbox))
        #expect(await again.end() == .exited(0), "\(again.output)")
        #expect(again.output.contains("after") && again.output.contains("run \(record.key) succeeded"))
        let late = try await sandbox.muster(["attach"])
        #expect(late.status == .exited(0) && late.output == again.output, "\(late)")
        #expect(sandbox.leftovers(of: Self.flow).isEmpty && sandbox.scratch.isEmpty)
        withExtendedLifetime(nest) {}
    }

    @Test("The terminal closes and the command that detached is killed: the run goes on to its end")
    func survives() async throws {
        let sandbox = try Sandbox()
        // A pseudo-terminal of its own, which ends with the script that holds it, and SIGHUP with that.
        let script = """
            import os, pty, sys, time
            pid, terminal = pty.fork()
            if pid == 0:
                os.execvp(sys.argv[1], sys.argv[1:])
            text = b""
            while b"its output" not in text:
                text += os.read(terminal, 4096)
            os.kill(pid, 9)
            os.close(terminal)
            print(text.decode())
            """
        let nest = try Nest(
            sandbox,
            [
                "python3", "-c", script, "\(Sandbox.programs)/muster", "run", try sandbox.flow(Self.flow), "--detach",
                "--file", self.go(sandbox),
            ])
        let finished = try await nest.finished()
        #expect(finished.output.contains("goes on without this terminal"), "\(finished)")
        let engine = try #require(try await self.engine(sandbox))
        kill(engine, SIGHUP)
        self.make(self.go(sandbox))
        let attached = try await sandbox.muster(["attach"])
        #expect(attached.status == .exited(0) && attached.output.contains("after"), "\(attached)")
        #expect(try await sandbox.newest(Self.flow).record.verdict == .succeeded)
        withExtendedLifetime(nest) {}
    }

    @Test("What keeps a run from beginning is told by the command that detaches, with its exit code")
    func refusals() async throws {
        let sandbox = try Sandbox()
        let missing = try await sandbox.run(Self.flow, ["--detach"])
        #expect(missing.status == .exited(2) && missing.errors.contains("file"), "\(missing)")
        let (_, nowhere) = try await self.detach(sandbox, ["--on", "nowhere"])
        #expect(nowhere.status == .exited(2) && nowhere.errors.contains("there is no such place"), "\(nowhere)")
        let noFlow = try await sandbox.muster(["run", "\(sandbox.folder)/none", "--detach"])
        #expect(noFlow.status == (try await sandbox.muster(["run", "\(sandbox.folder)/none"])).status, "\(noFlow)")
        let (_, dry) = try await self.detach(sandbox, ["--dry-run"])
        #expect(dry.status == .exited(2), "\(dry)")
        self.make("\(sandbox.folder)/blocked")
        let (_, store) = try await self.detach(sandbox, ["--store", "\(sandbox.folder)/blocked"])
        #expect(store.status == .exited(4), "\(store)")
    }

    @Test("An engine that was killed is resumed detached, with one console for both")
    func resumed() async throws {
        let sandbox = try Sandbox()
        let (nest, started) = try await self.detach(sandbox)
        #expect(started.status == .exited(0), "\(started)")
        let key = try await sandbox.newest(Self.flow).record.key
        let attached = try sandbox.start(["attach"])
        await attached.wait(for: "before")
        kill(try #require(try await self.engine(sandbox)), SIGKILL)
        #expect(await attached.end() == .exited(1), "\(attached.output)")
        #expect(attached.output.contains("no engine moves the run \(key) any more"), "\(attached.output)")
        self.make(self.go(sandbox))
        let (second, resumed) = try await self.muster(
            sandbox, ["resume", try sandbox.flow(Self.flow), "--detach", "--json"])
        #expect(resumed.status == .exited(0) && resumed.output.contains("\"event\":\"run-detached\""), "\(resumed)")
        let again = try await sandbox.muster(["attach", "\(key)"])
        #expect(again.status == .exited(0), "\(again)")
        #expect(again.output.contains("before") && again.output.contains("run-finished"), "\(again)")
        withExtendedLifetime((nest, second)) {}
    }

    @Test("Ctrl-C before the run is recorded ends the engine that was to have it, and leaves no run")
    func interruptedBefore() async throws {
        let sandbox = try Sandbox()
        let flow = "\(sandbox.folder)/slow.py"
        let mark = "\(sandbox.folder)/mark"
        let source = """
            import os, time
            from metaflow import FlowSpec, step
            with open("\(mark).new", "w") as file:
                file.write(str(os.getppid()))
            os.rename("\(mark).new", "\(mark)")
            time.sleep(20)
            class SlowFlow(FlowSpec):
                @step
                def start(self):
                    self.next(self.end)
                @step
                def end(self):
                    pass
            SlowFlow()
            """
        try Data(source.utf8).write(to: URL(filePath: flow))
        let running = try sandbox.start(["run", flow, "--detach"])
        for _ in 0..<200 where !FileManager.default.fileExists(atPath: mark) {
            try await Task.sleep(for: .milliseconds(50))
        }
        let text = String(decoding: try #require(FileManager.default.contents(atPath: mark)), as: UTF8.self)
        let pid = try #require(Int32(text))
        let engine = try #require(ProcessTree.identity(of: pid))
        running.process?.signal(SIGINT)
        #expect(await running.end() == .signaled(SIGINT), "\(running.output)")
        for _ in 0..<100 where ProcessTree.identity(of: engine.pid) == engine {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(ProcessTree.identity(of: engine.pid) != engine)
        #expect(!FileManager.default.fileExists(atPath: sandbox.store))
    }

    @Test("At a place with a queue a detached engine is killed: its gang goes on, and resume takes up the same job")
    func queued() async throws {
        let sandbox = try Sandbox()
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/bin:/usr/bin"
        let environment = [
            "PATH": "\(PythonFlowTests.root)/Examples/Backends:\(path)", "MUSTER_PROCESSES": "\(sandbox.folder)/jobs",
        ]
        let (nest, started) = try await self.detach(sandbox, ["--on", "processes"], environment: environment)
        #expect(started.status == .exited(0), "\(started)")
        let attached = try sandbox.start(["attach"])
        await attached.wait(for: "before")
        kill(try #require(try await self.engine(sandbox)), SIGKILL)
        #expect(await attached.end() == .exited(1), "\(attached.output)")
        let before = try await sandbox.newest(Self.flow)
        let (second, resumed) = try await self.muster(
            sandbox, ["resume", try sandbox.flow(Self.flow), "--detach", "--with", "processes"], environment)
        #expect(resumed.status == .exited(0), "\(resumed)")
        self.make(self.go(sandbox))
        let again = try await sandbox.muster(["attach"], environment: environment)
        #expect(again.status == .exited(0) && again.output.contains("after"), "\(again)")
        let after = try await sandbox.newest(Self.flow)
        #expect(after.machine[1].attempts == 1 && after.machine[1].job == before.machine[1].job)
        #expect(before.machine[1].job != nil)
        try await self.untilOver(sandbox)
        #expect(sandbox.leftovers(of: Self.flow).isEmpty)
        withExtendedLifetime((nest, second)) {}
    }

    @Test("A detached run is cancelled from elsewhere, and a run that failed has its exit code")
    func ends() async throws {
        let sandbox = try Sandbox()
        let (nest, _) = try await self.detach(sandbox)
        let cancel = try await sandbox.muster(["cancel", Self.flow])
        #expect(cancel.status == .exited(0), "\(cancel)")
        let attached = try await sandbox.muster(["attach"])
        #expect(attached.status == .exited(1) && attached.output.contains("was cancelled"), "\(attached)")
        let (second, failing) = try await self.muster(
            sandbox,
            [
                "run", try sandbox.flow("FailingGangFlow"), "--detach", "--way", "throw", "--node", "1", "--quiet",
            ])
        #expect(failing.status == .exited(0) && failing.output.hasPrefix("FailingGangFlow/"), "\(failing)")
        let failed = try await sandbox.muster(["attach", "FailingGangFlow"])
        #expect(failed.status == .exited(1), "\(failed)")
        #expect(sandbox.leftovers(of: Self.flow).isEmpty && sandbox.leftovers(of: "FailingGangFlow").isEmpty)
        withExtendedLifetime((nest, second)) {}
    }

    @Test("Attaching to a run that stays at its terminal tells what to do instead")
    func notDetached() async throws {
        let sandbox = try Sandbox()
        let running = try sandbox.start(["run", try sandbox.flow(Self.flow), "--file", self.go(sandbox)])
        await running.wait(for: "before")
        let attached = try await sandbox.muster(["attach"])
        #expect(attached.status == .exited(2), "\(attached)")
        for text in ["was not started with --detach", "status \(Self.flow)/", "cancel \(Self.flow)/"] {
            #expect(attached.errors.contains(text), "\(attached)")
        }
        self.make(self.go(sandbox))
        #expect(await running.end() == .exited(0))
        let over = try await sandbox.muster(["attach"])
        #expect(over.status == .exited(0) && over.output.contains("succeeded"), "\(over)")
    }
}
