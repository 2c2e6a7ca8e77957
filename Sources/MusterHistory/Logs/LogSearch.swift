package import MusterModel
package import MusterStore

/// The log of one node of one attempt.
package struct LogSource: Hashable, Sendable {
    package let attempt: AttemptID
    package let node: Int
    package let path: String

    package init(attempt: AttemptID, node: Int, path: String) {
        self.attempt = attempt
        self.node = node
        self.path = path
    }
}

/// Finds the logs of tasks in the store.
package struct LogSearch {
    /// The only node whose logs are looked for; nil for all.
    package let node: Int?
    /// The attempt; nil for the last one.
    package let attempt: Int?
    /// True to look for the agents' own logs, instead of the output of the nodes' processes.
    package let isOfAgents: Bool
    private var files: StepFiles

    package init(layout: StoreLayout, node: Int?, attempt: Int?, isOfAgents: Bool = false) {
        self.files = StepFiles(layout)
        self.node = node
        self.attempt = attempt
        self.isOfAgents = isOfAgents
    }

    /// The logs of the task at `place`, in the order of its nodes.
    /// - Throws: ``HistoryError`` when the task has no such attempt.
    package mutating func sources(of place: TaskPlace) throws -> [LogSource] {
        let files = try self.files.of(place)
        let attempts = Set(files.map(\.attempt)).sorted()
        guard let number = self.attempt ?? attempts.last else { return [] }
        guard attempts.contains(number) else {
            throw HistoryError(
                .missing,
                "\(place.step)/\(place.task) has no attempt \(number)\(attempts.isEmpty ? "" : "; it has \(attempts.map(String.init).joined(separator: ", "))")"
            )
        }
        let attempt = AttemptID(flow: place.flow, run: place.run, step: place.step, task: place.task, attempt: number)
        let nodes = files.compactMap { file -> Int? in
            guard let node = self.node(of: file.kind), file.attempt == number else { return nil }
            return self.node == nil || self.node == node ? node : nil
        }
        let layout = self.files.layout
        return nodes.sorted().map { node in
            LogSource(
                attempt: attempt, node: node,
                path: self.isOfAgents ? layout.agentLogFile(attempt, node: node) : layout.logFile(attempt, node: node))
        }
    }

    private func node(of kind: AttemptFile.Kind) -> Int? {
        switch kind {
        case .log(let node): self.isOfAgents ? nil : node
        case .agentLog(let node): self.isOfAgents ? node : nil
        case .report, .gang, .card: nil
        }
    }
}
