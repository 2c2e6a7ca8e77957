/// The barriers of one gang's bodies, one after the other. The control node's agent keeps it.
///
///     gathering(n) ──reached(all)──▶ passed, gathering(n + 1)
///           └──── a body ends ─────▶ those who wait hear that it never will
package struct BarrierStateMachine: Sendable, Equatable {
    package enum Event: Sendable, Equatable {
        /// A body waits at its barrier number `barrier`; 1 is a body's first.
        case reached(node: Int, barrier: Int)
        /// The step body has ended on a node, which will reach no other barrier.
        case bodyEnded(node: Int)
    }

    package enum Action: Sendable, Equatable {
        /// Release these nodes, or report the failure to them.
        case answer(barrier: Int, nodes: [Int], failure: TaskFailure?)
    }

    /// The nodes that have bodies.
    package let nodes: Set<Int>
    package private(set) var barrier = 1
    private var waiting: Set<Int> = []
    private var gone: Set<Int> = []

    package init(nodes: Set<Int>) { self.nodes = nodes }

    /// - Throws: ``IllegalBarrierEvent`` for an event that cannot happen now; nothing is changed then.
    package mutating func handle(_ event: Event) throws(IllegalBarrierEvent) -> [Action] {
        switch event {
        case .reached(let node, let barrier):
            // A node that has been told that a barrier cannot complete may reach the next one, which cannot complete
            // either.
            let isNext = barrier == self.barrier || (barrier > self.barrier && !self.gone.isEmpty)
            guard self.nodes.contains(node), isNext, !self.waiting.contains(node), !self.gone.contains(node)
            else { throw IllegalBarrierEvent(event: event, barrier: self.barrier) }
            self.waiting.insert(node)
            return self.settle(barrier)
        case .bodyEnded(let node):
            guard self.nodes.contains(node) else { throw IllegalBarrierEvent(event: event, barrier: self.barrier) }
            self.gone.insert(node)
            return self.settle(self.barrier)
        }
    }

    private mutating func settle(_ barrier: Int) -> [Action] {
        // Waiting nodes have not ended, so none is missing.
        if self.waiting == self.nodes {
            defer {
                self.barrier += 1
                self.waiting = []
            }
            return [.answer(barrier: barrier, nodes: self.waiting.sorted(), failure: nil)]
        }
        guard let missing = self.gone.min(), !self.waiting.isEmpty else { return [] }
        let failure = TaskFailure(
            code: .contract,
            message: "barrier \(barrier) of the step can never be complete: the step body of node \(missing) has ended "
                + "without coming to it; every node of a gang must come to every barrier",
            node: missing, process: "step")
        defer { self.waiting = [] }
        return [.answer(barrier: barrier, nodes: self.waiting.sorted(), failure: failure)]
    }
}

/// An event that cannot happen at this barrier.
package struct IllegalBarrierEvent: Error, Sendable, CustomStringConvertible {
    package var event: BarrierStateMachine.Event
    package var barrier: Int

    package var description: String { "the gang cannot take \(self.event) while barrier \(self.barrier) is next" }
}
