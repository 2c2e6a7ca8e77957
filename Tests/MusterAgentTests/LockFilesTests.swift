import Foundation
import MusterFrameworks
import MusterProcess
import MusterTestSupport
import Testing

@testable import MusterAgent

@Suite struct LockFilesTests {
    private let sandbox: TestFolder
    private let files = LockFiles()

    init() throws {
        self.sandbox = try TestFolder()
        for name in ["ext/op/lock", "ext/op/other", "elsewhere/lock"] { try self.sandbox.write(name, name) }
        self.files.expect([StaleFilePattern(prefix: "\(self.sandbox.path)/ext/", suffix: "/lock")])
    }

    /// Runs `body` while another process has the file open; that process is killed afterwards.
    private func whileHeld(_ name: String, _ body: (Int32) throws -> Void) async throws {
        let reactor = try ProcessReactor()
        let (lines, output) = AsyncStream.makeStream(of: Void.self)
        let (ends, ended) = AsyncStream.makeStream(of: Void.self)
        let process = try reactor.spawn(
            ProcessSpec(
                executable: "python3",
                arguments: [
                    "-u", "-c", "import sys, time; f = open(sys.argv[1]); print('open'); time.sleep(600)",
                    "\(self.sandbox.path)/\(name)",
                ], environment: ["PATH": "/usr/bin:/bin"], parentDeathSignal: SIGKILL),
            onOutput: { _, _ in output.yield() }, onExit: { _ in ended.finish() })
        for await _ in lines { break }
        let result = Result { try body(process.pid) }
        process.signal(SIGKILL)
        for await _ in ends {}
        try result.get()
    }

    @Test("A lock that a killed process of the node had open is removed, and nothing else")
    func removes() async throws {
        for name in ["ext/op/lock", "ext/op/other", "elsewhere/lock"] {
            try await self.whileHeld(name) { _ in self.files.look() }
        }
        self.files.remove()
        #expect(self.sandbox.text("ext/op/lock") == nil)
        #expect(self.sandbox.text("ext/op/other") != nil)
        #expect(self.sandbox.text("elsewhere/lock") != nil)
    }

    @Test("A lock that nobody of the node held stays: it is somebody else's")
    func strangers() async throws {
        try await self.whileHeld("ext/op/lock") { process in self.files.look(below: process) }
        self.files.look()
        self.files.remove()
        #expect(self.sandbox.text("ext/op/lock") != nil)
    }

    @Test("A lock that somebody still has open stays")
    func inUse() async throws {
        try await self.whileHeld("ext/op/lock") { _ in
            self.files.look()
            self.files.remove()
            #expect(self.sandbox.text("ext/op/lock") != nil)
        }
    }

    @Test("Another file that has come to the same path stays")
    func replaced() async throws {
        try await self.whileHeld("ext/op/lock") { _ in self.files.look() }
        // The first file is kept, so that its number is not given to the second.
        let path = "\(self.sandbox.path)/ext/op/lock"
        try FileManager.default.moveItem(atPath: path, toPath: path + "-before")
        try self.sandbox.write("ext/op/lock", "another")
        self.files.remove()
        #expect(self.sandbox.text("ext/op/lock") == "another")
    }
}
