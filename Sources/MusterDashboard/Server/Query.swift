import Foundation
import Hummingbird
import MusterHistory
import MusterModel

/// The parameters of an address, each checked as it is read.
struct Query {
    private let parameters: [String: String]

    init(_ request: Request) throws(DashboardError) { try self.init(request.uri.query ?? "") }

    /// Reads `a=1&b=two+words`, as forms and browsers write it.
    init(_ text: String) throws(DashboardError) {
        var parameters: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.unescaped(parts[0]), let value = Self.unescaped(parts.count > 1 ? parts[1] : "")
            else {
                throw DashboardError(.request, "the address is not escaped as it should be")
            }
            guard parameters.updateValue(value, forKey: name) == nil else {
                throw DashboardError(.request, "the parameter '\(name)' is there twice")
            }
        }
        self.parameters = parameters
    }

    private static func unescaped(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }

    /// Parameters that a resource does not have are refused: a misspelt one would show something else without a word.
    init(_ request: Request, known: Set<String>) throws(DashboardError) {
        try self.init(request)
        for name in self.parameters.keys.sorted() where !known.contains(name) && name != Gate.tokenParameter {
            let hint = NameSuggestion.hint(for: name, among: known.sorted())
            throw DashboardError(.request, "there is no parameter '\(name)' here\(hint)")
        }
    }

    /// nil for one that is missing or empty.
    func text(_ name: String) -> String? {
        self.parameters[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    func flag(_ name: String) throws(DashboardError) -> Bool {
        switch self.text(name) {
        case nil, "0": return false
        case "1": return true
        default: throw DashboardError(.request, "\(name) is 0 or 1")
        }
    }

    func number(_ name: String, in range: ClosedRange<Int>) throws(DashboardError) -> Int? {
        guard let text = self.text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw DashboardError(.request, "\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A node or an attempt.
    func index(_ name: String) throws(DashboardError) -> Int? { try self.number(name, in: 0...1_000_000) }

    func position(_ name: String) throws(DashboardError) -> LogPosition? {
        guard let text = self.text(name) else { return nil }
        guard let position = LogPosition(text) else {
            throw DashboardError(.request, "\(name) is a position from an earlier answer, such as 0:4096,1:0")
        }
        return position
    }

    func time(_ name: String) throws(DashboardError) -> Double? {
        guard let text = self.text(name) else { return nil }
        // Beyond that no microseconds can be counted.
        guard let time = Double(text), (0...4e9).contains(time) else {
            throw DashboardError(.request, "\(name) is a time in Unix seconds")
        }
        return time
    }
}

extension RunsQuery {
    static let parameters: Set<String> = ["flow", "status", "user", "tag", "text", "after", "limit"]

    init(_ query: Query) throws(DashboardError) {
        let after = query.text("after")
        let key = after.flatMap(Pathspec.init).map { RunKey(flow: $0.flow, run: $0.run) }
        guard (after == nil) == (key == nil) else { throw DashboardError(.request, "after is a run, as Flow/run") }
        self.init(
            flow: query.text("flow"), status: query.text("status"), user: query.text("user"), tag: query.text("tag"),
            text: query.text("text"), after: key, limit: try query.number("limit", in: 1...1_000) ?? 200)
    }
}

extension LogQuery {
    static let parameters: Set<String> = [
        "attempt", "node", "stream", "cluster", "agent", "text", "before", "after", "at", "limit",
    ]

    init(_ query: Query) throws(DashboardError) {
        let from = [
            try query.position("before").map { From.before($0) }, try query.position("after").map { From.after($0) },
            try query.time("at").map { From.time($0) },
        ].compactMap { $0 }
        guard from.count < 2 else { throw DashboardError(.request, "before, after and at exclude each other") }
        let stream: ProcessStream?
        switch query.text("stream") {
        case nil: stream = nil
        case "out": stream = .standardOutput
        case "err": stream = .standardError
        default: throw DashboardError(.request, "stream is out or err")
        }
        self.init(
            attempt: try query.index("attempt"), node: try query.index("node"),
            filter: LogFilter(
                stream: stream, showsCluster: try query.flag("cluster"), text: query.text("text") ?? ""),
            isOfAgents: try query.flag("agent"), from: from.first ?? .end,
            limit: try query.number("limit", in: 1...10_000) ?? 1_000)
    }
}
