import Foundation
import MusterMetadata
import MusterModel
import MusterProcess
import MusterStore
import Testing

/// Two engines on one run: on one machine the lock keeps them apart, between machines the sign of life does.
///
/// Another machine is a PID and a mount namespace in which the kernel's boot id is another file, with a lock file of its
/// own, as on a file system that keeps locks to each machine.
@Suite(.serialized, .timeLimit(.minutes(10))) struct LeaseTests {
    private static let flow = "WaitingFlow"
    private static let brisk = ["--setting", "engine.lease-interval=0.3"]

    private func go(_ sandbox: Sandbox) -> String { "\(sandbox.folder)/go" }

    private func start(_ sandbox: Sandbox) async throws -> Running {
        let running = try sandbox.start(
            ["run", try sandbox.flow(Self.flow), "--file", self.go(sandbox)] + Self.brisk)
        await running.wait(for: "before")
        return running
    }

    private func folder(_ sandbox: Sandbox) async throws -> String {
        let record = try await sandbox.newest(Self.flow).record
        return sandbox.layout.runFolder(flow: record.flow, run: record.run)
    }

    /// Calls `muster` as another machine would that does not see this one's locks.
    private func elsewhere(_ sandbox: Sandbox, _ arguments: [String]) throws -> Running {
        let boot = "\(sandbox.folder)/boot"
        try Data("00000000-1111-2222-3333-444444444444\n".utf8).write(to: URL(filePath: boot))
        let script = "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\""
        let running = Running()
        let spec = ProcessSpec(
            executable: "unshare",
            arguments: [
                "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c", script, boot,
                "\(Sandbox.programs)/muster",
            ] + arguments,
            environment: ProcessInfo.processInfo.environment.merging(["TMPDIR": sandbox.temporary]) { $1 },
            workingDirectory: sandbox.folder, newSession: true)
        running.process = try sandbox.reactor.spawn(
            spec, onOutput: { _, bytes in running.receive(bytes) }, onExit: { running.end($0) })
        return running
    }

    private func hideLock(_ sandbox: Sandbox) async throws {
        let lock = "\(try await self.folder(sandbox))/engine.lock"
        try FileManager.default.removeItem(atPath: lock)
        _ = FileManager.default.createFile(atPath: lock, contents: nil)
    }

    @Test("A second resume beside a living engine is refused with its process, and changes nothing")
    func here() async throws {
        let sandbox = try Sandbox()
        let running = try await self.start(sandbox)
        let resume = try await sandbox.muster(["resume", try sandbox.flow(Self.flow)])
        #expect(resume.status == .exited(2), "\(resume)")
        #expect(resume.errors.contains("is still being moved by process \(running.process?.pid ?? 0)"), "\(resume)")
        _ = FileManager.default.createFile(atPath: self.go(sandbox), contents: nil)
        #expect(await running.end() == .exited(0), "\(running.output)")
        #expect(try await sandbox.newest(Self.flow).machine.tasks.allSatisfy { $0.attempts == 1 })
        #expect(!FileManager.default.fileExists(atPath: "\(try await self.folder(sandbox))/engine.lease"))
    }

    @Test("Several resumes of a killed engine's run at once: one moves it, and no body runs twice")
    func together() async throws {
        let sandbox = try Sandbox()
        let running = try await self.start(sandbox)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        _ = FileManager.default.createFile(atPath: self.go(sandbox), contents: nil)
        let flow = try sandbox.flow(Self.flow)
        let key = try await sandbox.newest(Self.flow).record.key
        let finished = try await withThrowingTaskGroup(of: Finished.self) { group in
            for _ in 0..<4 { group.addTask { try await sandbox.muster(["resume", flow, "--origin-run-id", key.run]) } }
            return try await group.reduce(into: [Finished]()) { $0.append($1) }
        }
        #expect(finished.contains { $0.status == .exited(0) }, "\(finished)")
        let attempts = try await sandbox.events(key).filter {
            if case .attemptStarted(task: 1, _) = $0 { true } else { false }
        }
        #expect(attempts.count == 2, "the killed engine's attempt and one more")
    }

    @Test(
        "An engine on another machine that does not see the lock sees the sign of life: resume is refused, cancel is heard",
        .enabled(if: getuid() == 0))
    func unseenLock() async throws {
        let sandbox = try Sandbox()
        let running = try await self.start(sandbox)
        try await self.hideLock(sandbox)
        let resume = try self.elsewhere(sandbox, ["resume", try sandbox.flow(Self.flow)])
        #expect(await resume.end() == .exited(2), "\(resume.output)")
        #expect(resume.output.contains("is still being moved by process"), "\(resume.output)")
        #expect(resume.output.contains("of another machine or container"), "\(resume.output)")
        let status = try self.elsewhere(sandbox, ["status", Self.flow])
        #expect(await status.end() == .exited(0))
        #expect(status.output.contains("  running"), "\(status.output)")
        let cancel = try self.elsewhere(sandbox, ["cancel", Self.flow])
        #expect(await cancel.end() == .exited(0), "\(cancel.output)")
        #expect(await running.end() == .exited(1), "\(running.output)")
        #expect(running.output.contains("`muster cancel` was called by"), "\(running.output)")
        #expect(try await sandbox.newest(Self.flow).record.verdict == .cancelled)
    }

    @Test(
        "An engine that stands still is taken over from another machine, and ends when it goes on",
        .enabled(if: getuid() == 0))
    func takenOver() async throws {
        let sandbox = try Sandbox()
        let running = try await self.start(sandbox)
        running.process?.signal(SIGSTOP)
        try await self.hideLock(sandbox)
        let resume = try self.elsewhere(sandbox, ["resume", try sandbox.flow(Self.flow)] + Self.brisk)
        await resume.wait(for: "before")
        #expect(resume.output.contains("it is waited for 3"), "\(resume.output)")
        running.process?.signal(SIGCONT)
        #expect(await running.end() == .exited(1), "\(running.output)")
        #expect(running.output.contains("has taken the run over"), "\(running.output)")
        _ = FileManager.default.createFile(atPath: self.go(sandbox), contents: nil)
        #expect(await resume.end() == .exited(0), "\(resume.output)")
        #expect(try await sandbox.newest(Self.flow).record.verdict == .succeeded)
        #expect(sandbox.leftovers(of: Self.flow).isEmpty)
    }
}
