import Foundation
import MusterEngine
import MusterMetadata
import MusterModel
import MusterProcess
import MusterStore
import Testing

/// `muster cancel` reaches the engine and nobody else, and its exit code says what became of the run.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CancelTests {
    static let flow = "WaitingFlow"

    @Test("Several cancels at once end the run once, and all say so", arguments: [1, 3, 8])
    func together(count: Int) async throws {
        let sandbox = try Sandbox()
        let running = try await self.start(sandbox)
        let finished = try await self.cancel(sandbox, times: count)
        for finished in finished {
            #expect(finished.status == .exited(0) && finished.output.contains("cancelled"), "\(finished)")
        }
        #expect(await running.end() == .exited(1), "\(running.output)")
        #expect(running.output.contains("`muster cancel` was called by"), "\(running.output)")
        #expect(try await sandbox.newest(Self.flow).record.verdict == .cancelled)
        #expect(sandbox.scratch.isEmpty)
    }

    @Test("A run whose engine was killed is ended by cancel itself, once", arguments: [1, 3])
    func interrupted(count: Int) async throws {
        let sandbox = try Sandbox()
        let running = try await self.start(sandbox)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        for finished in try await self.cancel(sandbox, times: count) {
            #expect(finished.status == .exited(0) && finished.output.contains("cancelled"), "\(finished)")
        }
        let (record, machine) = try await sandbox.newest(Self.flow)
        #expect(record.verdict == .cancelled)
        #expect(machine.running.isEmpty)
        #expect(sandbox.leftovers(of: Self.flow).isEmpty && sandbox.scratch.isEmpty)
        let again = try await sandbox.muster(["cancel", Self.flow])
        #expect(again.status == .exited(0) && again.output.contains("over already"), "\(again)")
    }

    @Test(
        "From another PID namespace cancel ends the run, and no process there that has the engine's id",
        .enabled(if: getuid() == 0))
    func elsewhere() async throws {
        let sandbox = try Sandbox()
        let running = try await self.start(sandbox)
        let engine = try #require(running.process?.pid)
        // In the new namespace the engine's id is given to an innocent process, which says how it ended.
        let script = """
            import os, subprocess, sys
            engine = int(sys.argv[1])
            open("/proc/sys/kernel/ns_last_pid", "w").write(str(engine - 1))
            innocent = subprocess.Popen(["/bin/sleep", "300"])
            assert innocent.pid == engine, innocent.pid
            code = subprocess.call(sys.argv[2:])
            print("innocent:", innocent.poll(), "cancel:", code)
            innocent.kill()
            """
        let spec = ProcessSpec(
            executable: "unshare",
            arguments: [
                "--pid", "--fork", "--mount-proc", "--kill-child", "python3", "-c", script, "\(engine)",
                "\(Sandbox.programs)/muster",
                "cancel", Self.flow,
            ],
            environment: ProcessInfo.processInfo.environment, workingDirectory: sandbox.folder)
        let finished = Finished(try await sandbox.reactor.run(spec))
        #expect(finished.output.contains("innocent: None cancel: 0"), "\(finished)")
        #expect(await running.end() == .exited(1), "\(running.output)")
    }

    @Test("An engine that is stopped is named, and the run ends once it goes on")
    func stopped() async throws {
        let sandbox = try Sandbox()
        let running = try await self.start(sandbox)
        let engine = try #require(running.process)
        engine.signal(SIGSTOP)
        let cancelling = try sandbox.start(["cancel", Self.flow])
        await cancelling.wait(for: "kill -CONT \(engine.pid)")
        engine.signal(SIGCONT)
        #expect(await cancelling.end() == .exited(0), "\(cancelling.output)")
        #expect(await running.end() == .exited(1), "\(running.output)")
    }

    @Test("A wish that nobody heard ends no later run")
    func staleWish() async throws {
        let sandbox = try Sandbox()
        let running = try await self.start(sandbox)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        let record = try await sandbox.newest(Self.flow).record
        try CancelRequest.leave(at: sandbox.layout.cancelRequest(flow: Self.flow, run: record.run), author: "somebody")
        try Data().write(to: URL(filePath: self.file(sandbox)))
        let resumed = try await sandbox.muster(["resume", try sandbox.flow(Self.flow)])
        #expect(resumed.status == .exited(0), "\(resumed)")
    }

    // MARK: Helpers

    private func file(_ sandbox: Sandbox) -> String { "\(sandbox.folder)/go" }

    private func start(_ sandbox: Sandbox) async throws -> Running {
        let running = try sandbox.start(["run", try sandbox.flow(Self.flow), "--file", self.file(sandbox)])
        await running.wait(for: "before")
        return running
    }

    private func cancel(_ sandbox: Sandbox, times: Int) async throws -> [Finished] {
        try await withThrowingTaskGroup(of: Finished.self) { group in
            for _ in 0..<times { group.addTask { try await sandbox.muster(["cancel", Self.flow]) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
