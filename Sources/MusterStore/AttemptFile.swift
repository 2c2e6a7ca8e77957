/// A file of one attempt: `3.0.report.json`, `3.0.node-2.log` of attempt 0 of task 3.
///
/// An attempt has no folder of its own: making one would cost more than all that a short task does.
package struct AttemptFile: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case report
        case log(node: Int)
    }

    package let task: Int
    package let attempt: Int
    package let kind: Kind

    package init(task: Int, attempt: Int, kind: Kind) {
        self.task = task
        self.attempt = attempt
        self.kind = kind
    }

    package var name: String {
        switch self.kind {
        case .report: "\(self.task).\(self.attempt).report.json"
        case .log(let node): "\(self.task).\(self.attempt).node-\(node).log"
        }
    }

    /// Reads a file's name; nil when it is none of an attempt.
    package init?(name: String) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, let task = Int(parts[0]), let attempt = Int(parts[1]) else { return nil }
        switch (parts[2], parts[3]) {
        case ("report", "json"): self.init(task: task, attempt: attempt, kind: .report)
        case (let node, "log") where node.hasPrefix("node-"):
            guard let node = Int(node.dropFirst("node-".count)) else { return nil }
            self.init(task: task, attempt: attempt, kind: .log(node: node))
        default: return nil
        }
    }
}
