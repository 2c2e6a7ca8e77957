/// Checks of a task's results before the run continues with them.
///
/// The graph was checked before the run; counts, the choice of edge and agreement between nodes are only known now.
package enum TransitionRules {
    /// The failure of a task with these `results`; nil for valid ones. `waitingJoin` is the join at which a sibling
    /// waits.
    package static func problem(
        with results: [NodeResult], of task: RunTask, waitingJoin: String?, in manifest: FlowManifest
    ) -> TaskFailure? {
        guard let step = manifest.step(task.step) else {
            return self.failure("the flow has no step \(task.step)")
        }
        guard task.sizes.contains(results.count), let transition = results.first?.transition else {
            return self.failure("step \(step.name) gave \(results.count) results for \(task.size) nodes")
        }
        if let other = results.first(where: { $0.transition != transition }) {
            return self.failure(
                "the nodes of step \(step.name) disagree on what comes next: \(transition) and \(other.transition)")
        }
        return self.problem(with: transition, from: step)
            ?? self.problem(with: transition, scopes: task, waitingJoin: waitingJoin, in: manifest)
    }

    private static func problem(with transition: Transition, from step: StepManifest) -> TaskFailure? {
        switch transition.edge {
        case nil where !step.edges.isEmpty:
            return self.failure("step \(step.name) ended the flow, but it has to go on to another step")
        case .some(let edge) where !step.edges.contains(edge):
            return self.failure(
                "step \(step.name) went on to \(edge.targets.joined(separator: ", ")) in a way that its flow does not describe"
            )
        default: break
        }
        switch transition {
        case .foreach(let name, let count) where count < 1:
            return self.failure(
                "step \(step.name) fans out to \(name) over an empty collection; give it at least one element, or choose another step when there is none"
            )
        case .nodes(let name, let count, _) where !(1...GangLimits.maximumNodes).contains(count):
            return self.failure(
                "step \(step.name) asked for \(count) nodes for \(name); a gang has 1 to \(GangLimits.maximumNodes) nodes"
            )
        case .nodes(let name, let count, let minimum?) where !(1...count).contains(minimum):
            return self.failure(
                "step \(step.name) asked for at least \(minimum) of \(count) nodes for \(name); a gang has at least 1 node, "
                    + "and no more than it asks for")
        default: return nil
        }
    }

    private static func problem(
        with transition: Transition, scopes task: RunTask, waitingJoin: String?, in manifest: FlowManifest
    ) -> TaskFailure? {
        if case .end = transition, let scope = task.scopes.last {
            return self.failure("step \(task.step) ended the flow inside the fan-out of \(scope.step); join it first")
        }
        guard case .step(let name) = transition, manifest.step(name)?.join != nil, task.nodes == nil else { return nil }
        guard !task.scopes.isEmpty else {
            return self.failure("step \(task.step) went on to the join \(name), but nothing was fanned out")
        }
        guard waitingJoin == nil || waitingJoin == name else {
            return self.failure(
                "step \(task.step) went on to the join \(name), while tasks of the same fan-out went on to \(waitingJoin ?? "")"
            )
        }
        return nil
    }

    private static func failure(_ message: String) -> TaskFailure {
        TaskFailure(code: .contract, message: message)
    }
}
