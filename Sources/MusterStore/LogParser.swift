import FoundationEssentials
import MusterModel

/// One entry of a log file.
package enum LogEntry: Sendable, Hashable {
    case record(LogRecord)
    /// `length` bytes from `offset` of the file on are no record; reading continues after them.
    case damaged(offset: Int, length: Int)
}

/// Puts records together from the bytes of a log file. Pure: bytes in, entries out.
///
/// A record whose end has not come yet is waited for. Bytes that are no record are skipped up to the next line that
/// begins one, and reported, so that a damaged log shows all it still has.
package struct LogParser: Sendable {
    /// Offset in the file of the first byte that was not given out yet.
    package private(set) var offset: Int
    private var buffer: [UInt8] = []
    private var start = 0

    package init(offset: Int = 0) { self.offset = offset }

    /// Adds the file's next bytes.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if self.start > 0 {
            self.buffer.removeFirst(self.start)
            self.start = 0
        }
        self.buffer.append(contentsOf: bytes)
    }

    /// The next entry; nil when more bytes are needed.
    package mutating func next() -> LogEntry? {
        switch self.header(at: self.start) {
        case .incomplete: return nil
        case .invalid: return self.skip()
        case .header(let header, let body):
            let end = body + header.length
            guard end < self.buffer.count else { return nil }
            guard self.buffer[end] == UInt8(ascii: "\n") else { return self.skip() }
            return .record(self.take(header, from: body, to: end, next: end + 1))
        }
    }

    /// The rest of a file that does not grow any more: the part of a record that was cut off, then nil.
    package mutating func finish() -> LogEntry? {
        if let entry = self.next() { return entry }
        guard self.start < self.buffer.count else { return nil }
        if case .header(let header, let body) = self.header(at: self.start), body < self.buffer.count {
            return .record(self.take(header, from: body, to: self.buffer.count, next: self.buffer.count))
        }
        return self.advance(to: self.buffer.count)
    }

    private struct Header {
        var time: Int64
        var process: Int
        var stream: ProcessStream
        var length: Int
    }

    private enum Parsed {
        case incomplete
        case invalid
        case header(Header, body: Int)
    }

    /// Three numbers of at most 19 digits, a letter, three spaces.
    private static let maximumHeader = 64

    private func header(at start: Int) -> Parsed {
        let window = self.buffer[start...].prefix(Self.maximumHeader)
        guard let newline = window.firstIndex(of: UInt8(ascii: "\n")) else {
            let plausible = window.allSatisfy { $0 == 0x20 || (0x30...0x39).contains($0) || $0 == 0x6F || $0 == 0x65 }
            return window.count < Self.maximumHeader && plausible ? .incomplete : .invalid
        }
        var rest = window[..<newline]
        guard let time = Self.number(&rest), Self.space(&rest), let process = Self.number(&rest), Self.space(&rest),
            let letter = rest.popFirst(), let stream = ProcessStream(rawValue: String(UnicodeScalar(letter))),
            Self.space(&rest),
            let length = Self.number(&rest), rest.isEmpty, (1...LogRecord.maximumLength).contains(length)
        else { return .invalid }
        return .header(Header(time: Int64(time), process: process, stream: stream, length: length), body: newline + 1)
    }

    /// Takes a number off the front. By hand, because reading a log of a million records as texts takes seconds.
    private static func number(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        let digits = bytes.prefix { (0x30...0x39).contains($0) }
        guard (1...18).contains(digits.count) else { return nil }
        bytes = bytes[digits.endIndex...]
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func space(_ bytes: inout ArraySlice<UInt8>) -> Bool { bytes.popFirst() == 0x20 }

    private mutating func take(_ header: Header, from body: Int, to end: Int, next: Int) -> LogRecord {
        let record = LogRecord(
            time: header.time, process: header.process, stream: header.stream, bytes: Data(self.buffer[body..<end]))
        self.offset += next - self.start
        self.start = next
        return record
    }

    /// Skips to the next line that begins a record. Returns nil when more bytes are needed to decide.
    private mutating func skip() -> LogEntry? {
        var place = self.start
        while let newline = self.buffer[place...].firstIndex(of: UInt8(ascii: "\n")) {
            place = newline + 1
            switch self.header(at: place) {
            case .incomplete: return place < self.buffer.count ? self.advance(to: place) : nil
            case .header: return self.advance(to: place)
            case .invalid: continue
            }
        }
        // Nothing in a long stretch: report it piece by piece, so that a file of rubbish needs no memory.
        return self.buffer.count - self.start > LogRecord.maximumLength ? self.advance(to: self.buffer.count) : nil
    }

    private mutating func advance(to place: Int) -> LogEntry {
        defer {
            self.offset += place - self.start
            self.start = place
        }
        return .damaged(offset: self.offset, length: place - self.start)
    }
}
