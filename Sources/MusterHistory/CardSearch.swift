package import MusterModel
package import MusterStore

/// A page that a task shows, in its present version.
package struct TaskCard: Equatable, Sendable {
    package let name: CardName
    package let node: Int
    /// `STEP/TASK` in the run that was asked for.
    package let task: String
    package let path: String
    package let digest: String
}

/// Finds the present cards of tasks in the store, also of running and of failed ones.
package struct CardSearch {
    /// The only node whose cards are looked for; nil for all.
    package let node: Int?
    private let cards: CardStore
    private var files: StepFiles

    package init(_ layout: StoreLayout, node: Int?) {
        self.node = node
        self.cards = CardStore(layout)
        self.files = StepFiles(layout)
    }

    /// The cards of the newest attempt that has some, by node and then by place.
    /// - Parameter place: The task's place: in another run for a task that was taken over.
    package mutating func cards(of task: RunTask, at place: TaskPlace) throws -> [TaskCard] {
        let pages = try self.files.of(place).compactMap { file -> Page? in
            guard case .card(let node, let card) = file.kind else { return nil }
            return Page(attempt: file.attempt, node: node, card: card)
        }
        let newest = pages.map(\.attempt).max()
        let (cards, node) = (self.cards, self.node)
        return try pages.filter { $0.attempt == newest && (node == nil || node == $0.node) }
            .sorted { ($0.node, $0.card.place) < ($1.node, $1.card.place) }
            .map { page in
                let attempt = AttemptID(
                    flow: place.flow, run: place.run, step: place.step, task: place.task, attempt: page.attempt)
                let path = cards.layout.cardFile(attempt, node: page.node, page.card)
                return TaskCard(
                    name: page.card, node: page.node,
                    task: "\(task.step)/\(TaskName(number: task.number, node: page.node))", path: path,
                    digest: try cards.page(path).digest)
            }
    }

    private struct Page {
        let attempt: Int
        let node: Int
        let card: CardName
    }
}
