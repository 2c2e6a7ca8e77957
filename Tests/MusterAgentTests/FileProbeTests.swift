import Dispatch
import Foundation
import MusterProcess
import MusterTestSupport
import Testing

@testable import MusterAgent

@Suite struct FileProbeTests {
    private let sandbox: TestFolder
    private let queue = DispatchQueue(label: "test.files")
    private let reactor: ProcessReactor

    init() throws {
        self.sandbox = try TestFolder()
        self.reactor = try ProcessReactor()
    }

    /// What comes when the text has appeared in `logs/service.out`.
    private func found(within seconds: Double = 60) -> AsyncStream<Bool> {
        let (stream, found) = AsyncStream.makeStream(of: Bool.self)
        FileProbe(
            path: "\(self.sandbox.path)/logs/service.out", text: "all is up", seconds: seconds,
            clock: SystemClock(self.reactor)
        ).wait(on: self.queue) { found.yield(true) }
        return stream
    }

    @Test("A text is found in a file whose folder appears later, even when it arrives in two pieces")
    func later() async throws {
        let found = self.found()
        try self.sandbox.write("logs/service.out", "starting\nall i")
        self.queue.sync {}
        try self.sandbox.append("logs/service.out", "s up\n")
        var finds = found.makeAsyncIterator()
        #expect(await finds.next() == true)
    }

    @Test("A text that was there before, behind megabytes of others, is found")
    func behind() async throws {
        try self.sandbox.write(
            "logs/service.out", String(repeating: "waiting for nothing\n", count: 200_000) + "all is up")
        var finds = self.found().makeAsyncIterator()
        #expect(await finds.next() == true)
    }

    @Test("It is told once, and not of another text")
    func once() async throws {
        let found = self.found()
        try self.sandbox.write("logs/service.out", "all is down\n")
        try self.sandbox.append("logs/service.out", "all is up\nall is up\n")
        var finds = found.makeAsyncIterator()
        #expect(await finds.next() == true)
        try self.sandbox.append("logs/service.out", "all is up\n")
        let (pause, over) = AsyncStream.makeStream(of: Bool.self)
        self.reactor.schedule(after: 0.2) { over.yield(false) }
        let next = await withTaskGroup(of: Bool?.self) { group in
            group.addTask { await found.first { _ in true } }
            group.addTask { await pause.first { _ in true } }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        #expect(next == false)
    }
}
