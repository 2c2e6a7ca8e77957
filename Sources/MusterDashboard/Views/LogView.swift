import MusterHistory
import MusterModel
import MusterStore

/// The parameters of a request for a task's log.
struct LogQuery: Sendable {
    enum From: Sendable, Equatable {
        case end
        case before(LogPosition)
        case after(LogPosition)
        /// Unix seconds.
        case time(Double)
    }

    /// Counted from 0; nil for the last.
    var attempt: Int?
    /// nil for all.
    var node: Int?
    var filter: LogFilter
    /// True for the agents' own logs.
    var isOfAgents: Bool
    var from: From
    var limit: Int
}

/// The answer to `GET /api/runs/FLOW/RUN/tasks/TASK/log`.
struct LogView: Encodable, Sendable {
    let page: LogPage
    let isOver: Bool

    /// Reads the logs.
    init(_ found: Dashboard.Found, _ query: LogQuery, _ layout: StoreLayout, _ indexes: LogIndexes) throws {
        let sources = try found.logs(in: layout, node: query.node, isOfAgents: query.isOfAgents)
        let pages = try LogPages(sources, query.filter, index: indexes.index)
        self.page =
            switch query.from {
            case .end: try pages.page(before: pages.end, limit: query.limit)
            case .before(let position): try pages.page(before: position, limit: query.limit)
            case .after(let position): try pages.page(after: position, limit: query.limit)
            case .time(let time): try pages.page(after: pages.position(at: Int64(time * 1e6)), limit: query.limit)
            }
        self.isOver = found.isOver
    }

    private enum CodingKeys: String, CodingKey { case lines, open, before, after, isStart, isEnd, isOver }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.page.lines.map(Row.init), forKey: .lines)
        try container.encode(self.page.open.map(Row.init), forKey: .open)
        try container.encode("\(self.page.before)", forKey: .before)
        try container.encode("\(self.page.after)", forKey: .after)
        try container.encode(self.page.isStart, forKey: .isStart)
        try container.encode(self.page.isEnd, forKey: .isEnd)
        try container.encode(self.isOver, forKey: .isOver)
    }

    /// An array, because there are many: time, node, process, stream, text.
    private struct Row: Encodable {
        let line: LogPage.Line

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(Double(self.line.line.time) / 1e6)
            try container.encode(self.line.node)
            try container.encode(self.line.line.process)
            try container.encode(self.line.line.stream == .standardOutput ? "out" : "err")
            try container.encode(String(decoding: self.line.line.bytes, as: UTF8.self))
        }
    }
}

extension LogView: LiveView {
    var isFinal: Bool { self.isOver && self.page.isEnd }

    /// Each view has the lines behind those of the one before.
    func changed(since earlier: LogView) -> LogView? {
        let isSame =
            self.page.lines.isEmpty && self.page.open == earlier.page.open && self.isOver == earlier.isOver
        return isSame ? nil : self
    }
}
