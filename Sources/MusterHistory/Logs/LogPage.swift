package import MusterModel
package import MusterStore

/// A part of the logs of one task's nodes, merged by time.
package struct LogPage: Sendable {
    package struct Line: Sendable, Hashable {
        package let node: Int
        package let line: LogLine
    }

    package var lines: [Line]
    /// Lines that have not ended, at the end of the logs.
    package var open: [Line]
    /// The position before ``lines``, and behind them.
    package var before: LogPosition
    package var after: LogPosition
    /// True when no line is before ``lines``.
    package var isStart: Bool
    /// True when no line is behind them at present.
    package var isEnd: Bool
}

/// Chooses among the lines of logs.
package struct LogFilter: Sendable, Hashable {
    /// Only this stream; nil for both.
    package var stream: ProcessStream?
    /// True for what the cluster's own processes wrote, too.
    package var showsCluster: Bool
    /// Only lines that contain this, in any case; empty for all.
    package var text: String

    package init(stream: ProcessStream? = nil, showsCluster: Bool = false, text: String = "") {
        self.stream = stream
        self.showsCluster = showsCluster
        self.text = text
    }

    func admits(_ record: LogRecord) -> Bool {
        (self.stream == nil || record.stream == self.stream)
            && (self.showsCluster || !LogProcess.isOfCluster(record.process))
    }
}
