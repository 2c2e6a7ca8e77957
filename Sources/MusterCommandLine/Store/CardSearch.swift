import Foundation
import MusterModel
import MusterStore

/// A page of a task, as it is by now.
struct TaskCard: Equatable {
    let name: CardName
    /// `STEP/TASK`, as the run that was asked for names it.
    let task: String
    let path: String
    let digest: String
}

/// Finds the cards of tasks in the store at this moment: of running, failed and succeeded ones.
struct CardSearch {
    let cards: CardStore
    /// Only this node's.
    let node: Int?

    /// The cards of the newest attempt that has some, by node and then by place; of a task that was taken over, those of
    /// the run it comes from.
    func cards(of task: RunTask, at place: TaskPlace) throws -> [TaskCard] {
        let layout = self.cards.layout
        let folder = layout.stepFolder(flow: place.flow, run: place.run, step: place.step)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let pages = names.compactMap(AttemptFile.init(name:)).compactMap { file -> Page? in
            guard file.task == place.task, case .card(let node, let card) = file.kind else { return nil }
            return Page(attempt: file.attempt, node: node, card: card)
        }
        let newest = pages.map(\.attempt).max()
        return try pages.filter { $0.attempt == newest && (self.node == nil || self.node == $0.node) }
            .sorted { ($0.node, $0.card.place) < ($1.node, $1.card.place) }
            .map { page in
                let attempt = AttemptID(
                    flow: place.flow, run: place.run, step: place.step, task: place.task, attempt: page.attempt)
                let path = layout.cardFile(attempt, node: page.node, page.card)
                return TaskCard(
                    name: page.card, task: "\(task.step)/\(TaskName(number: task.number, node: page.node))", path: path,
                    digest: try self.cards.page(path).digest)
            }
    }

    private struct Page {
        let attempt: Int
        let node: Int
        let card: CardName
    }
}
