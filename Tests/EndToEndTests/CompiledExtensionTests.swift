import Foundation
import Glibc
import MusterProcess
import Testing

/// What a killed compilation leaves in a cache that runs share.
@Suite(.serialized, .timeLimit(.minutes(3))) struct CompiledExtensionTests {
    private let sandbox: Sandbox
    private var cache: [String: String] { ["MUSTER_CACHE": "\(self.sandbox.folder)/cache"] }
    private let flow = PythonFlowTests.flow("compiles")

    init() throws { self.sandbox = try Sandbox() }

    private var locks: [String] {
        let folder = "\(self.sandbox.folder)/cache"
        return (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).filter {
            $0.hasSuffix("an_operator/lock")
        }
    }

    private func compilesAgain() async throws {
        let again = try await self.sandbox.muster(["run", self.flow], environment: self.cache)
        #expect(again.status == .exited(0), "\(again)")
        #expect(again.all.contains("compiled"), "\(again)")
        #expect(self.locks.isEmpty)
    }

    @Test("After a run that was cancelled while it compiled, the next one compiles")
    func cancelled() async throws {
        let running = try self.sandbox.start(["run", self.flow, "--hangs", "true"], environment: self.cache)
        await running.wait(for: "muster: torch compiles an_operator, once")
        #expect(self.locks.count == 1)
        running.process?.signal(SIGINT)
        _ = await running.end()
        #expect(self.locks.isEmpty)
        try await self.compilesAgain()
    }

    @Test("After everything of a run was killed while it compiled, the next one compiles")
    func killed() async throws {
        let running = try self.sandbox.start(["run", self.flow, "--hangs", "true"], environment: self.cache)
        await running.wait(for: "compiling")
        let engine = try #require(running.process).pid
        let all = [engine] + ProcessTree.descendants(of: engine)
        for process in all { kill(process, SIGSTOP) }
        for process in all { kill(process, SIGKILL) }
        _ = await running.end()
        #expect(self.locks.count == 1)
        try await self.compilesAgain()
    }

    @Test("A run that compiles beside another one waits for it, and leaves its lock alone")
    func beside() async throws {
        let running = try self.sandbox.start(["run", self.flow, "--hangs", "true"], environment: self.cache)
        await running.wait(for: "compiling")
        let waiting = try self.sandbox.start(["run", self.flow], environment: self.cache)
        await waiting.wait(for: "start/1 started")
        #expect(self.locks.count == 1)
        running.process?.signal(SIGINT)
        _ = await running.end()
        #expect(await waiting.end() == .exited(0))
        #expect(waiting.output.contains("compiled"))
    }
}
