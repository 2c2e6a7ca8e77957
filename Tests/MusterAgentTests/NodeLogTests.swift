import Dispatch
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
