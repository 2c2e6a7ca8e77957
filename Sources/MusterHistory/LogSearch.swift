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
    private var files: StepFiles

    package init(layout: StoreLayout, node: Int?, attempt: Int?) {
        self.files = StepFiles(layout)
        self.node = node
        self.attempt = attempt
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
            guard case .log(let node) = file.kind, file.attempt == number else { return nil }
            return self.node == nil || self.node == node ? node : nil
        }
        let layout = self.files.layout
        return nodes.sorted().map { LogSource(attempt: attempt, node: $0, path: layout.logFile(attempt, node: $0)) }
    }
}
