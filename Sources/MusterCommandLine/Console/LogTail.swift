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

    /// The lines that have been completed since the last call. A log that was not begun yet has none.
    mutating func read() throws -> [LogLine] {
        guard try self.open() else { return [] }
        var lines: [LogLine] = []
        while let entry = try self.reader?.next() { lines += self.lines(of: entry) }
        return lines
    }

    /// What is left once the node has ended, lines without a newline included.
    mutating func finish() throws -> [LogLine] {
        guard try self.open() else { return [] }
        var lines: [LogLine] = []
        while let entry = try self.reader?.finish() { lines += self.lines(of: entry) }
        return lines + self.lines.finish()
    }

    private mutating func lines(of entry: LogEntry) -> [LogLine] {
        switch entry {
        case .record(let record): LogProcess.isOfCluster(record.process) ? [] : self.lines.append(record)
        case .damaged(let offset, let length): [Self.note(offset: offset, length: length)]
        }
    }

    /// What stands in for bytes that are no record.
    static func note(offset: Int, length: Int) -> LogLine {
        LogLine(
            time: LogRecord.now(), process: 0, stream: .standardError,
            bytes: Data("[the log is damaged here: \(length) bytes from byte \(offset) on cannot be read]".utf8), isComplete: true)
    }

    private mutating func open() throws -> Bool {
        if self.reader != nil { return true }
        do {
            self.reader = try LogReader(path: self.path)
            return true
        } catch where error.code == .missing {
            return false
        }
    }
}
