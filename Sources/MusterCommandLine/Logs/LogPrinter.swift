import Foundation
import MusterModel
import MusterStore

/// Prints logs: bytes as they are when there is one log, attributed lines when there are several.
///
/// Reads on where it stopped when it is called again, so that following is calling it again.
struct LogPrinter {
    enum Style: Equatable {
        case bytes
        case lines(attributed: Bool, timestamps: Bool)
        case json
    }

    let style: Style
    /// Only this stream; both when nil.
    let stream: LogStream?
    /// Whether what clusters say of themselves is printed too.
    let showsCluster: Bool
    let output: StandardStream

    private var readers: [LogSource: LogReader] = [:]
    private var merges: [LogSource: ProcessMerge] = [:]
    private var lines: [LogSource: LogLines] = [:]

    init(style: Style, stream: LogStream?, showsCluster: Bool = false, output: StandardStream = .output) {
        self.style = style
        self.stream = stream
        self.showsCluster = showsCluster
        self.output = output
    }

    /// Prints what `sources` have now, the nodes of one task in the order of time.
    /// - Parameter isFinal: Whether they do not grow any more.
    /// - Returns: false when nobody reads the output any longer.
    mutating func print(_ sources: [LogSource], isFinal: Bool) throws -> Bool {
        if self.style == .bytes {
            for source in sources { guard try self.printBytes(source, isFinal) else { return false } }
            return true
        }
        var pending: [LogSource: ArraySlice<LogLine>] = [:]
        for source in sources { pending[source] = try self.nextLines(source, isFinal)[...] }
        while let source = sources.filter({ pending[$0]?.isEmpty == false })
            .min(by: { pending[$0]?.first?.time ?? 0 < pending[$1]?.first?.time ?? 0 }),
            let line = pending[source]?.popFirst()
        {
            guard self.write(line, source) else { return false }
            if pending[source]?.isEmpty == true { pending[source] = try self.nextLines(source, isFinal)[...] }
        }
        return true
    }

    private func isMeant(_ record: LogRecord) -> Bool {
        (self.stream == nil || record.stream == self.stream)
            && (self.showsCluster || !LogProcess.isOfCluster(record.process))
    }

    // MARK: - Bytes

    private mutating func printBytes(_ source: LogSource, _ isFinal: Bool) throws -> Bool {
        while let entry = try self.nextEntry(source, isFinal) {
            switch entry {
            case .damaged(let offset, let length): Self.report(source, offset, length)
            case .record(let record):
                guard self.isMeant(record) else { continue }
                let bytes = self.merges[source, default: ProcessMerge()].append(record)
                guard self.output.write(bytes) else { return false }
            }
        }
        guard isFinal, let rest = self.merges[source]?.finish(), !rest.isEmpty else { return true }
        return self.output.write(rest)
    }

    private static func report(_ source: LogSource, _ offset: Int, _ length: Int) {
        StandardStream.error.line(
            "muster: the log \(source.path) is damaged: \(length) bytes from byte \(offset) on cannot be read and were left out")
    }

    // MARK: - Lines

    /// The next lines of a source; empty at its end for now.
    private mutating func nextLines(_ source: LogSource, _ isFinal: Bool) throws -> [LogLine] {
        while let entry = try self.nextEntry(source, isFinal) {
            switch entry {
            case .damaged(let offset, let length): Self.report(source, offset, length)
            case .record(let record):
                guard self.isMeant(record) else { continue }
                let lines = self.lines[source, default: LogLines()].append(record)
                if !lines.isEmpty { return lines }
            }
        }
        return isFinal ? self.lines[source]?.finish() ?? [] : []
    }

    private func write(_ line: LogLine, _ source: LogSource) -> Bool {
        switch self.style {
        case .bytes: return true
        case .json:
            return JSONEvents.line(for: line, source.attempt, node: source.node).map { self.output.line($0) } ?? true
        case .lines(let attributed, let timestamps):
            var bytes: [UInt8] = []
            if timestamps {
                let time = Double(line.time) / 1e6
                bytes += Array("\(TimeText.moment(time).prefix(10)) \(TimeText.clock(time)) ".utf8)
            }
            if attributed { bytes += Array("\(Attribution.text(source.attempt, node: source.node)) ".utf8) }
            bytes += line.bytes
            bytes.append(UInt8(ascii: "\n"))
            return self.output.write(bytes)
        }
    }

    private mutating func nextEntry(_ source: LogSource, _ isFinal: Bool) throws -> LogEntry? {
        if self.readers[source] == nil {
            do {
                self.readers[source] = try LogReader(path: source.path)
            } catch where error.code == .missing {
                return nil
            }
        }
        return isFinal ? try self.readers[source]?.finish() : try self.readers[source]?.next()
    }
}
