package import MusterModel

/// A run that another one resumes: which of its tasks can be taken over.
package struct OriginRun: Sendable {
    /// The place of a task in the graph of tasks. Two runs of a flow have the same places as long as they take the same
    /// transitions.
    private struct Place: Hashable {
        let parent: Int
        let step: String
        let slot: Int
    }

    package let run: String
    private let machine: RunStateMachine
    private let tasks: [Place: Int]
    private let rerunFrom: String?

    /// - Parameters:
    ///   - machine: The origin with all of its events applied.
    ///   - rerunFrom: The step that runs again although it has succeeded; nil when only what did not succeed runs again.
    package init(run: String, machine: RunStateMachine, rerunFrom: String?) {
        self.run = run
        self.machine = machine
        self.rerunFrom = rerunFrom
        var tasks: [Place: Int] = [:]
        for task in machine.tasks {
            tasks[Place(parent: task.parents.first ?? 0, step: task.step, slot: task.slot)] = task.number
        }
        self.tasks = tasks
    }

    /// The task of the origin that `task` need not repeat.
    ///
    /// `clones` maps tasks of the new run to those of the origin that they were cloned from. A task of which any
    /// parent ran again has no counterpart.
    func counterpart(of task: RunTask, clones: [Int: Int]) -> RunTask? {
        guard task.step != self.rerunFrom else { return nil }
        var parents: [Int] = []
        for parent in task.parents {
            guard let origin = clones[parent] else { return nil }
            parents.append(origin)
        }
        guard let number = self.tasks[Place(parent: parents.first ?? 0, step: task.step, slot: task.slot)] else {
            return nil
        }
        let origin = self.machine[number]
        // A task whose failure was caught is tried again: that is what people resume for.
        guard origin.status == .succeeded, !origin.wasCaught, origin.parents == parents, origin.nodes == task.nodes
        else { return nil }
        return origin
    }
}
