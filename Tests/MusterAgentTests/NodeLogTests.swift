import Dispatch
import Glibc
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem
import MusterTestSupport
import MusterWire
import Testing

@testable import MusterAgent

@Suite struct NodeLogTests {
    private let folder: TestFolder
    private let pipe = StatusPipe()
    private let clock = ManualAgentClock(epoch: 1000)
    private let log: NodeLog

    init() throws {
        self.folder = try TestFolder()
        self.log = NodeLog(
            path: "\(self.folder.path)/node.log", node: 2,
            status: StatusWriter(descriptor: self.pipe.writer, clock: self.clock), reactor: try ProcessReactor(),
            clock: self.clock, interval: 0.5
        ) { Issue.record("the log cannot be written: \($0)") }
    }

    private func write(_ text: String) {
        Array(text.utf8).withUnsafeBytes { self.log.append(process: 0, .standardOutput, $0) }
        let isWritten = DispatchSemaphore(value: 0)
        if self.log.whenWritten({ isWritten.signal() }) { isWritten.wait() }
    }

    private func length() throws -> Int { try #require(FileStamp("\(self.folder.path)/node.log")).size }

    @Test("The engine hears of the log's length once an interval, however much is written")
    func reports() throws {
        self.write("one\n")
        self.write("two\n")
        #expect(try self.pipe.statuses() == [])
        self.clock.advance(by: 0.5)
        #expect(try self.pipe.statuses() == [.log(node: 2, bytes: try self.length())])
        self.clock.advance(by: 60)
        #expect(try self.pipe.statuses() == [])
        self.write("three\n")
        self.log.flush()
        #expect(try self.pipe.statuses() == [.log(node: 2, bytes: try self.length())])
    }

    @Test("An echo never waits: what its reader does not take is left out, and said so once it reads again")
    func echo() throws {
        var ends: [CInt] = [0, 0]
        try #require(Glibc.pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let echo = LogEcho(ends[1])
        func write(_ text: String) { Array(text.utf8).withUnsafeBytes { echo.write($0) } }
        func read() -> String {
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            let count = Glibc.read(ends[0], &bytes, bytes.count)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
        write("first\n")
        #expect(read() == "first\n")
        write(String(repeating: "x", count: 100_000))
        write("lost\n")
        let taken = read().count
        #expect(taken < 100_000)
        write("last\n")
        #expect(read() == "\nmuster: \(100_005 - taken) bytes are missing here; `muster logs` has them\nlast\n")
    }

    @Test("A record has the time at which the bytes came")
    func times() throws {
        self.write("one\n")
        self.clock.advance(by: 2.5)
        self.write("two\n")
        var reader = try LogReader(path: "\(self.folder.path)/node.log")
        var times: [Int64] = []
        while let entry = try reader.finish() { if case .record(let record) = entry { times.append(record.time) } }
        #expect(times == [1_000_000_000, 1_002_500_000])
    }
}
