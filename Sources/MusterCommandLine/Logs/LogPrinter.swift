import Foundation
import MusterHistory
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
    let stream: ProcessStream?
    /// True prints the output of the clusters' own services too.
    let showsCluster: Bool
    let output: StandardStream

    /// Those of the task that is printed now: a run may have more logs than a program may have open files.
    private var readers: [LogSource: LogReader] = [:]
    /// The offset at which to continue, by log.
    private var offsets: [LogSource: Int] = [:]
    private var merges: [LogSource: ProcessMerge] = [:]
    private var lines: [LogSource: LogLines] = [:]

    init(style: Style, stream: ProcessStream?, showsCluster: Bool = false, output: StandardStream = .output) {
        self.style = style
        self.stream = stream
        self.showsCluster = showsCluster
        self.output = output
    }

    /// Prints the new records of each task's logs, its nodes merged by time.
    /// - Parameter isFinal: True when the logs do not grow any more.
    /// - Returns: false when the reader of the output has gone.
    mutating func print(_ tasks: [[LogSource]], isFinal: Bool) throws -> Bool {
        for sources in tasks {
            guard try self.printTask(sources, isFinal: isFinal) else { return false }
            self.rest(sources, isFinal)
        }
        return true
    }

    /// Closes the logs.
    private mutating func rest(_ sources: [LogSource], _ isFinal: Bool) {
        for source in sources {
            self.offsets[source] = isFinal ? nil : self.readers[source]?.offset ?? self.offsets[source]
            self.readers[source] = nil
            if isFinal {
                self.merges[source] = nil
                self.lines[source] = nil
            }
        }
    }

    private mutating func printTask(_ sources: [LogSource], isFinal: Bool) throws -> Bool {
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
            "muster: the log \(source.path) is damaged: \(length) bytes from byte \(offset) on cannot be read and were left out"
        )
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
            guard let reader = try LogReader(ifThere: source.path, from: self.offsets[source] ?? 0) else { return nil }
            self.readers[source] = reader
        }
        return isFinal ? try self.readers[source]?.finish() : try self.readers[source]?.next()
    }
}
