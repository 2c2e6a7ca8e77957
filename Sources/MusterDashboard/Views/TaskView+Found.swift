import MusterHistory
import MusterModel
import MusterStore
import MusterSystem

extension TaskView {
    /// Reads the files of the task's work.
    init(_ found: Dashboard.Found, _ layout: StoreLayout) throws {
        let (state, task) = (found.state, found.task)
        self.task = task.number
        self.step = task.step
        self.status = state.word(for: task)
        self.nodes = task.size
        self.attempt = found.attempt
        self.attempts = state.attempts(of: task).map {
            Attempt(started: $0.started, ended: $0.ended, end: $0.end, failure: $0.failure)
        }
        self.workFrom =
            task.clonedFrom == nil
            ? nil : "\(found.place.flow)/\(found.place.run)/\(found.place.step)/\(found.place.task)"
        self.gang = GangView(of: task, attempt: found.attempt, in: state, layout)
        self.logs = try found.logs(in: layout).map {
            Log(node: $0.node, size: FileStatus($0.path)?.size ?? 0)
        }
        var cards = CardSearch(layout, node: nil)
        self.cards = try cards.cards(of: task, at: found.place).map {
            Card(node: $0.node, name: $0.name.text, type: $0.name.type, digest: $0.digest)
        }
        self.parents = task.parents
        self.index = task.scopes.last?.isForeach == true ? task.scopes.last?.index : nil
        self.now = Dashboard.now()
        self.isFinal = found.isOver
    }
}
