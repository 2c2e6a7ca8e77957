/// Failures that the gang itself detects.
extension TaskFailure {
    static func missing(_ nodes: [Int], size: Int, seconds: Double) -> TaskFailure {
        let names = nodes.prefix(20).map(String.init)
        let more = nodes.count > names.count ? " and \(nodes.count - names.count) more" : ""
        let subject = nodes.count == 1 ? "node \(nodes[0])" : "nodes \(names.joined(separator: ", "))\(more)"
        return TaskFailure(
            code: .rendezvous,
            message: "\(subject) of \(size) did not come to the rendezvous within \(seconds.formattedSeconds) s; "
                + "see what their agents wrote, or whether the place they run on is too busy to start them",
            node: nodes.count == 1 ? nodes[0] : nil)
    }

    static func lost(node: Int, address: String?, reason: String) -> TaskFailure {
        let place = address.map { " (\($0))" } ?? ""
        return TaskFailure(code: .lost, message: "node \(node)\(place) was lost: \(reason)", node: node)
    }

    static func timeout(_ seconds: Double) -> TaskFailure {
        TaskFailure(code: .timeout, message: "the step took longer than its timeout of \(seconds.formattedSeconds) s")
    }

    /// The failure of a gang whose nodes took different transitions; nil when they agree.
    static func disagreement(_ transitions: [Transition]) -> TaskFailure? {
        guard transitions.count > 1 else { return nil }
        if let node = transitions.indices.first(where: { transitions[$0] != transitions[0] }) {
            return TaskFailure(
                code: .contract,
                message: "node 0 went on to \(transitions[0].words), but node \(node) to \(transitions[node].words); "
                    + "every node of a gang must take the same transition",
                node: node, process: "step")
        }
        guard case .step = transitions[0] else {
            return TaskFailure(
                code: .contract,
                message: "the nodes of a gang went on to \(transitions[0].words); a gang step goes on to the one step "
                    + "that joins its nodes",
                process: "step")
        }
        return nil
    }

    /// The nodes that are no more, when that is the failure.
    var lostNodes: [Int] { self.code == .lost ? [self.node].compactMap { $0 } : [] }

}

extension Transition {
    /// For messages.
    fileprivate var words: String {
        switch self {
        case .end: "the end"
        case .step(let to): "`\(to)`"
        case .branches(let to): "the branches " + to.map { "`\($0)`" }.joined(separator: ", ")
        case .foreach(let to, let count): "\(count) tasks of `\(to)`"
        case .nodes(let to, let count, nil): "\(count) nodes of `\(to)`"
        case .nodes(let to, let count, let minimum?): "\(minimum) to \(count) nodes of `\(to)`"
        }
    }
}

extension GangStateMachine.Event {
    /// The node that the event comes from, where it comes from one.
    package var node: Int? {
        switch self {
        case .joined(let node): node.index
        case .ended(let node, _), .lost(let node, _), .released(let node): node
        case .deadlinePassed, .launchStarted, .launchFailed, .timedOut, .stopped: nil
        }
    }
}
