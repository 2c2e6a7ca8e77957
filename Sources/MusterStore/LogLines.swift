package import FoundationEssentials
package import MusterModel

/// A line of one stream of one process, with its bytes as they were written.
package struct LogLine: Sendable, Hashable {
    /// Unix microseconds of the record that held its first byte.
    package var time: Int64
    package var process: Int
    package var stream: ProcessStream
    /// Without the newline; `\r` and bytes that are no UTF-8 included.
    package var bytes: Data
    /// True when a newline ended it; false for a last line without one and for a piece of a very long line.
    package var isComplete: Bool

    package init(time: Int64, process: Int, stream: ProcessStream, bytes: Data, isComplete: Bool) {
        self.time = time
        self.process = process
        self.stream = stream
        self.bytes = bytes
        self.isComplete = isComplete
    }
}

/// Turns records into lines, each process and stream for itself. Lines come in the order in which they ended.
package struct LogLines: Sendable {
    /// A line longer than this comes in pieces, so that a program that writes no newline needs no memory.
    package static let maximumLength = 1 << 20

    private struct Source: Hashable, Sendable {
        var process: Int
        var stream: ProcessStream
    }

    private struct Partial: Sendable {
        var time: Int64
        var bytes: Data
    }

    private var partial: [Source: Partial] = [:]

    package init() {}

    /// The lines that `record` completes.
    package mutating func append(_ record: LogRecord) -> [LogLine] {
        let source = Source(process: record.process, stream: record.stream)
        var lines: [LogLine] = []
        var rest = record.bytes[...]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(self.line(source, record.time, ending: rest[..<newline], isComplete: true))
            rest = rest[(newline + 1)...]
        }
        if !rest.isEmpty {
            self.partial[source, default: Partial(time: record.time, bytes: Data())].bytes.append(rest)
            if self.partial[source]?.bytes.count ?? 0 >= Self.maximumLength {
                lines.append(self.piece(of: source, record.time))
            }
        }
        return lines
    }

    /// The lines that no newline has ended, by process; the beginning of a line that still grows, when called early.
    package mutating func finish() -> [LogLine] {
        let sources = self.partial.keys.sorted { ($0.process, $0.stream.rawValue) < ($1.process, $1.stream.rawValue) }
        return sources.map { self.line($0, 0, ending: Data(), isComplete: false) }
    }

    /// The beginning of a very long line, up to the end of a character.
    private mutating func piece(of source: Source, _ time: Int64) -> LogLine {
        var line = self.line(source, time, ending: Data(), isComplete: false)
        let rest = Data(line.bytes.suffix(Self.begun(line.bytes)))
        line.bytes.removeLast(rest.count)
        if !rest.isEmpty { self.partial[source] = Partial(time: time, bytes: rest) }
        return line
    }

    /// The number of bytes at the end that begin an incomplete UTF-8 character.
    private static func begun(_ bytes: Data) -> Int {
        for (index, byte) in bytes.suffix(3).reversed().enumerated() where byte & 0xC0 != 0x80 {
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return index + 1 < length ? index + 1 : 0
        }
        return 0
    }

    private mutating func line(_ source: Source, _ time: Int64, ending: Data, isComplete: Bool) -> LogLine {
        let before = self.partial.removeValue(forKey: source)
        var bytes = before?.bytes ?? Data()
        bytes.append(ending)
        return LogLine(
            time: before?.time ?? time, process: source.process, stream: source.stream, bytes: bytes,
            isComplete: isComplete)
    }
}
