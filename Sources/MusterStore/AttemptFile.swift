/// A file of one attempt: `3.0.report.json`, `3.0.gang.json`, `3.0.node-2.log`, `3.0.node-2.agent.log`,
/// `3.0.node-2.card-0_default.html` of attempt 0 of task 3.
///
/// An attempt has no folder of its own: `mkdir` takes 0.16 ms on ext4, and `rmdir` 4 ms (Benchmarks: foreach).
package struct AttemptFile: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case report
        /// ``GangRecord``.
        case gang
        case log(node: Int)
        /// The agent's own log.
        case agentLog(node: Int)
        case card(node: Int, CardName)
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
        case .gang: "\(self.task).\(self.attempt).gang.json"
        case .log(let node): "\(self.task).\(self.attempt).node-\(node).log"
        case .agentLog(let node): "\(self.task).\(self.attempt).node-\(node).agent.log"
        case .card(let node, let card): "\(self.task).\(self.attempt).node-\(node).card-\(card.text).html"
        }
    }

    /// Reads a file's name; nil when it is none of an attempt.
    package init?(name: String) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 3, let task = Int(parts[0]), let attempt = Int(parts[1]),
            let kind = Kind(parts[2], Array(parts[3...]))
        else { return nil }
        self.init(task: task, attempt: attempt, kind: kind)
    }
}

extension AttemptFile.Kind {
    /// True for what processes or agents wrote.
    package var isLog: Bool {
        switch self {
        case .log, .agentLog: true
        case .report, .gang, .card: false
        }
    }

    package var isCard: Bool { if case .card = self { true } else { false } }
}

extension AttemptFile.Kind {
    fileprivate init?(_ head: Substring, _ rest: [Substring]) {
        if head == "report", rest == ["json"] {
            self = .report
            return
        }
        if head == "gang", rest == ["json"] {
            self = .gang
            return
        }
        guard head.hasPrefix("node-"), let node = Int(head.dropFirst("node-".count)) else { return nil }
        if rest == ["log"] {
            self = .log(node: node)
        } else if rest == ["agent", "log"] {
            self = .agentLog(node: node)
        } else if rest.count == 2, rest[0].hasPrefix("card-"), rest[1] == "html",
            let card = CardName(String(rest[0].dropFirst("card-".count)))
        {
            self = .card(node: node, card)
        } else {
            return nil
        }
    }
}
