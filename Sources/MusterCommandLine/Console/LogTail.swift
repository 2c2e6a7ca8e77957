import Foundation
import MusterModel
import MusterStore

/// Reads one node's log as it grows and gives out its lines, those of the user's programs.
struct LogTail {
    let attempt: AttemptID
    let node: Int
    private let path: String
    private var reader: LogReader?
    private var lines = LogLines()

    init(attempt: AttemptID, node: Int, path: String) {
        self.attempt = attempt
        self.node = node
        self.path = path
    }

    /// Bytes of lines that are passed on at once, which bounds the memory for a log of any size.
    private static let batch = 256 << 10

    /// Hands `show` the lines that have been completed since the last call, some at a time. A log that was not begun yet
    /// has none.
    /// - Parameter isFinal: True when the node has ended: the rest is shown too, including a line without a newline.
    mutating func read(isFinal: Bool, _ show: ([LogLine]) -> Void) throws {
        guard try self.open() else { return }
        var lines: [LogLine] = []
        var size = 0
        while let entry = try isFinal ? self.reader?.finish() : self.reader?.next() {
            for line in self.lines(of: entry) {
                lines.append(line)
                size += line.bytes.count
            }
            guard size >= Self.batch else { continue }
            show(lines)
            (lines, size) = ([], 0)
        }
        if isFinal { lines += self.lines.finish() }
        if !lines.isEmpty { show(lines) }
    }

    private mutating func lines(of entry: LogEntry) -> [LogLine] {
        switch entry {
        case .record(let record): LogProcess.isOfCluster(record.process) ? [] : self.lines.append(record)
        case .damaged(let offset, let length): [Self.note(offset: offset, length: length)]
        }
    }

    /// The line in place of bytes that are no record.
    static func note(offset: Int, length: Int) -> LogLine {
        LogLine(
            time: LogRecord.now(), process: 0, stream: .standardError,
            bytes: Data("[the log is damaged here: \(length) bytes from byte \(offset) on cannot be read]".utf8),
            isComplete: true)
    }

    private mutating func open() throws -> Bool {
        if self.reader != nil { return true }
        do {
            self.reader = try LogReader(path: self.path)
            return true
        } catch let error where error.code == .missing {
            return false
        }
    }
}
