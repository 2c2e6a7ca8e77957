import Foundation
import MusterModel
import MusterStore
import MusterTestSupport
import Testing

@Suite struct LogTests {
    private let folder: TestFolder
    private var path: String { "\(self.folder.path)/deep/node-0.log" }

    init() throws { self.folder = try TestFolder() }

    private func write(_ texts: [(Int, ProcessStream, [UInt8])]) throws {
        let writer = try LogWriter(path: self.path)
        for (index, text) in texts.enumerated() {
            try text.2.withUnsafeBytes {
                _ = try writer.append(process: text.0, stream: text.1, bytes: $0, at: Int64(index))
            }
        }
    }

    private func readAll(_ path: String) throws -> [LogEntry] {
        var reader = try LogReader(path: path)
        var entries: [LogEntry] = []
        while let entry = try reader.finish() { entries.append(entry) }
        return entries
    }

    @Test("Records come back byte for byte, and the writer knows the file's length")
    func roundTrip() throws {
        let bytes: [UInt8] = [0xFF, 0x00, 0x0A, 0x0D, 0x80]
        let writer = try LogWriter(path: self.path)
        let length = try bytes.withUnsafeBytes {
            try writer.append(process: 2, stream: .standardError, bytes: $0, at: 42)
        }
        #expect(
            try Data(contentsOf: URL(filePath: self.path)) == Data("42 2 e 5\n".utf8) + Data(bytes) + Data("\n".utf8))
        #expect(length == 15)
        #expect(
            try self.readAll(self.path) == [
                .record(LogRecord(time: 42, process: 2, stream: .standardError, bytes: Data(bytes)))
            ])
    }

    @Test("More than a record holds becomes several records")
    func large() throws {
        try self.write([(0, .standardOutput, [UInt8](repeating: 7, count: LogRecord.maximumLength * 2 + 1))])
        let lengths = try self.readAll(self.path).map {
            if case .record(let record) = $0 { record.bytes.count } else { -1 }
        }
        #expect(lengths == [LogRecord.maximumLength, LogRecord.maximumLength, 1])
    }

    @Test("However the bytes are cut into pieces, the same entries come out")
    func pieces() throws {
        try self.write([(0, .standardOutput, Array("one\ntwo".utf8)), (1, .standardError, Array("3".utf8))])
        let file = try Data(contentsOf: URL(filePath: self.path))
        let whole = try self.readAll(self.path)
        for cut in 0...file.count {
            var parser = LogParser()
            var entries: [LogEntry] = []
            for piece in [file[..<cut], file[cut...]] {
                piece.withUnsafeBytes { parser.append($0) }
                while let entry = parser.next() { entries.append(entry) }
            }
            #expect(entries == whole)
            #expect(parser.offset == file.count)
        }
    }

    @Test("A record that is still being written is waited for, and given out in part once nothing follows")
    func truncated() throws {
        try self.write([(0, .standardOutput, Array("complete".utf8)), (0, .standardOutput, Array("cut off".utf8))])
        let file = try Data(contentsOf: URL(filePath: self.path))
        try file.dropLast(5).write(to: URL(filePath: self.path))
        var reader = try LogReader(path: self.path)
        #expect(try reader.next() != nil)
        #expect(try reader.next() == nil)
        guard case .record(let rest)? = try reader.finish() else {
            Issue.record("the part is missing")
            return
        }
        #expect(rest.bytes == Data("cut".utf8))
        #expect(try reader.finish() == nil)
    }

    @Test("A damaged record is reported and the next ones are still read", arguments: [0, 4, 6, 12])
    func damaged(place: Int) throws {
        try self.write([(0, .standardOutput, Array("first".utf8)), (0, .standardOutput, Array("second".utf8))])
        var file = try Data(contentsOf: URL(filePath: self.path))
        file[place] = UInt8(ascii: "?")
        try file.write(to: URL(filePath: self.path))
        let entries = try self.readAll(self.path)
        let second = LogEntry.record(
            LogRecord(time: 1, process: 0, stream: .standardOutput, bytes: Data("second".utf8)))
        #expect(entries.last == second)
        // Damage within the bytes of a record cannot be seen; everywhere else it is reported.
        if !(8..<13).contains(place) {
            #expect(entries.first == .damaged(offset: 0, length: 14))
        }
    }

    @Test("A reader goes on where another one stopped, also after the file has grown")
    func offset() throws {
        try self.write([(0, .standardOutput, Array("a".utf8))])
        var first = try LogReader(path: self.path)
        while try first.next() != nil {}
        let writer = try LogWriter(path: self.path)
        try Array("b".utf8).withUnsafeBytes {
            _ = try writer.append(process: 0, stream: .standardOutput, bytes: $0, at: 9)
        }
        var second = try LogReader(path: self.path, from: first.offset)
        guard case .record(let record)? = try second.next() else {
            Issue.record("nothing was read")
            return
        }
        #expect(record.bytes == Data("b".utf8))
        #expect(try first.next() == .record(record))
    }

    @Test("A log that was not begun is missing, not broken")
    func missing() {
        let error = #expect(throws: StoreError.self) { try LogReader(path: "\(self.folder.path)/none.log") }
        #expect(error?.code == .missing)
    }

    @Test("A disk that fills up leaves a readable log", .enabled(if: SmallDisk.canBeMade))
    func fullDisk() throws {
        let disk = try SmallDisk(path: "\(self.folder.path)/disk")
        let path = "\(disk.path)/node-0.log"
        let writer = try LogWriter(path: path)
        let piece = [UInt8](repeating: 1, count: 300_000)
        let error = #expect(throws: StoreError.self) {
            for _ in 0..<10 {
                try piece.withUnsafeBytes {
                    _ = try writer.append(process: 0, stream: .standardOutput, bytes: $0, at: 1)
                }
            }
        }
        #expect(error?.code == .full)
        let entries = try self.readAll(path)
        #expect(entries.count == 3)
        #expect(
            entries.allSatisfy { if case .record(let record) = $0 { record.bytes.count == 300_000 } else { false } })
    }

    @Test("Lines are put together per process and stream; bars, odd bytes and last lines stay as they are")
    func lines() {
        var lines = LogLines()
        let record = { (time: Int64, process: Int, stream: ProcessStream, text: String) in
            LogRecord(time: time, process: process, stream: stream, bytes: Data(text.utf8))
        }
        #expect(lines.append(record(1, 0, .standardOutput, "a")).isEmpty)
        #expect(lines.append(record(2, 1, .standardOutput, "x\n")).map(\.bytes) == [Data("x".utf8)])
        let completed = lines.append(record(3, 0, .standardOutput, "b\n\r10%\r20%\n"))
        #expect(completed.map(\.bytes) == [Data("ab".utf8), Data("\r10%\r20%".utf8)])
        #expect(completed.map(\.time) == [1, 3])
        var odd = record(4, 0, .standardError, "")
        odd.bytes = Data([0xFF])
        #expect(lines.append(odd).isEmpty)
        let rest = lines.finish()
        #expect(rest.map(\.bytes) == [Data([0xFF])])
        #expect(rest.map(\.isComplete) == [false])
    }

    @Test("A very long line comes in pieces that end between characters", arguments: 0...4)
    func longLine(shift: Int) {
        var lines = LogLines()
        let text = String(repeating: "x", count: shift) + String(repeating: "aé€😀", count: 400_000)
        var pieces: [LogLine] = []
        var rest = Data(text.utf8)[...]
        while !rest.isEmpty {
            let record = LogRecord(time: 1, process: 0, stream: .standardOutput, bytes: Data(rest.prefix(60_001)))
            pieces += lines.append(record)
            rest = rest.dropFirst(60_001)
        }
        pieces += lines.finish()
        #expect(pieces.count == 4)
        #expect(pieces.allSatisfy { String(data: $0.bytes, encoding: .utf8) != nil && $0.bytes.count < 2 << 20 })
        #expect(pieces.reduce(Data()) { $0 + $1.bytes } == Data(text.utf8))
    }
}
