import MusterModel
import MusterProcess
import Synchronization

/// The last lines that a process wrote, for its failure's report.
final class OutputTail: Sendable {
    private static let lines = 20
    /// Bytes of a line that are shown.
    private static let width = 400
    private static let kept = 16 << 10

    private let streams = Mutex<[ProcessStream: [UInt8]]>([:])

    func append(_ stream: ProcessStream, _ bytes: UnsafeRawBufferPointer) {
        self.streams.withLock { streams in
            var pending = streams[stream] ?? []
            streams[stream] = nil
            pending.append(contentsOf: bytes.suffix(Self.kept))
            if pending.count > 2 * Self.kept { pending.removeFirst(pending.count - Self.kept) }
            streams[stream] = pending
        }
    }

    /// At most 20 lines, oldest first: those of standard error if there are any, else of standard output.
    var lastLines: [String] {
        self.streams.withLock { streams in
            let errors = Self.lines(of: streams[.standardError] ?? [])
            return errors.isEmpty ? Self.lines(of: streams[.standardOutput] ?? []) : errors
        }
    }

    private static func lines(of bytes: [UInt8]) -> [String] {
        let lines = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line -> String? in
            // A progress bar overwrites its line: a person saw the text after the last carriage return.
            guard let shown = line.split(separator: UInt8(ascii: "\r")).last else { return nil }
            let text = String(decoding: shown.prefix(Self.width), as: UTF8.self)
            return text.allSatisfy(\.isWhitespace) ? nil : text
        }
        return Array(lines.suffix(Self.lines))
    }
}
