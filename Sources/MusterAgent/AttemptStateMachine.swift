import MusterModel

/// The part of one attempt on one node that is neither the node's nor the gang's: the reasons to end it, and the agent's
/// way out of it.
///
///     control node   running ──gang over──▶ reporting ──report written──▶ over
///     worker         running ──node released──▶ parting ──connection closed · deadline──▶ over
///                       └──control node lost──▶ lost ──node released──▶ over
///
/// An event that comes too late changes nothing; one of the other kind of node throws.
struct AttemptStateMachine: Sendable, Equatable {
    enum Kind: Sendable, Equatable { case control, worker }

    /// An attempt that ended because the engine is gone was interrupted and has no report.
    enum Engine: Sendable, Equatable { case present, gone }

    enum Phase: Sendable, Equatable {
        case running(Engine)
        /// A worker without a control node: its node is being released.
        case lost(Engine)
        /// The report is being written.
        case reporting(Engine)
        /// The node is released; the control node closes the connection once it has read the last message.
        case parting(Engine)
        case over(Agent.Exit, Engine)
    }

    enum Event: Sendable, Equatable {
        /// The engine, or a signal, ends the attempt.
        case stop(TaskFailure, node: NodeStage)
        case engineGone(reason: String, node: NodeStage)
        case rendezvousDeadline(node: NodeStage)
        case controlLost(reason: String, node: NodeStage)
        /// The node is released. Comes again with every change of the connection.
        case nodeReleased(isConnected: Bool)
        /// The control node has not closed the connection in time.
        case partingDeadline
        case gangOver(GangReport)
        case reportWritten(GangReport, problem: String?)
    }

    enum Action: Sendable, Equatable {
        /// End the gang.
        case stopGang(TaskFailure)
        /// The deadline of the rendezvous is for the gang to act on.
        case passDeadline
        /// End this node and report the failure to the control node.
        case failNode(TaskFailure)
        /// Close the connection and release this node: nobody else will.
        case releaseNode(TaskFailure)
        /// Send ``Event/partingDeadline`` later.
        case awaitClose
        case write(GangReport)
        /// Send the report to the engine.
        case send(GangReport)
        /// For people.
        case print(String)
    }

    let kind: Kind
    /// Seconds for all nodes to come to the rendezvous.
    let rendezvousDeadline: Double
    private(set) var phase = Phase.running(.present)

    init(kind: Kind, rendezvousDeadline: Double) {
        self.kind = kind
        self.rendezvousDeadline = rendezvousDeadline
    }

    /// - Throws: ``IllegalAttemptEvent`` for an event that cannot happen on this kind of node; nothing is changed then.
    mutating func handle(_ event: Event) throws(IllegalAttemptEvent) -> [Action] {
        switch event {
        case .stop(let failure, let node): return self.stop(failure, node)
        case .engineGone(let reason, let node):
            self.loseEngine()
            return self.stop(TaskFailure(code: .cancelled, message: reason), node)
        case .rendezvousDeadline(let node):
            guard self.kind == .worker else { return [.passDeadline] }
            guard node == .waiting else { return [] }
            return self.lose("the rendezvous was not complete within \(self.rendezvousDeadline) s", node)
        case .controlLost(let reason, let node):
            guard self.kind == .worker else { throw IllegalAttemptEvent(event: event, kind: self.kind) }
            return self.lose(reason, node)
        case .nodeReleased(let isConnected):
            guard self.kind == .worker else { throw IllegalAttemptEvent(event: event, kind: self.kind) }
            return self.released(isConnected: isConnected)
        case .partingDeadline:
            guard self.kind == .worker else { throw IllegalAttemptEvent(event: event, kind: self.kind) }
            if case .parting(let engine) = self.phase { self.phase = .over(.done, engine) }
            return []
        case .gangOver(let report):
            guard self.kind == .control else { throw IllegalAttemptEvent(event: event, kind: self.kind) }
            return self.report(report)
        case .reportWritten(let report, let problem):
            guard case .reporting(let engine) = self.phase else {
                throw IllegalAttemptEvent(event: event, kind: self.kind)
            }
            self.phase = .over(problem == nil ? .done : .lost, engine)
            return (problem.map { [.print($0)] } ?? []) + [.send(report)]
        }
    }

    private mutating func loseEngine() {
        switch self.phase {
        case .running: self.phase = .running(.gone)
        case .lost: self.phase = .lost(.gone)
        case .reporting: self.phase = .reporting(.gone)
        case .parting: self.phase = .parting(.gone)
        case .over(let exit, _): self.phase = .over(exit, .gone)
        }
    }

    private mutating func stop(_ failure: TaskFailure, _ node: NodeStage) -> [Action] {
        if self.kind == .control { return [.stopGang(failure)] }
        // The control node hears of a worker that fails while its body runs, and decides for the gang.
        return node == .active ? [.failNode(failure)] : self.lose(failure.message, node)
    }

    /// A worker without a control node takes itself down.
    private mutating func lose(_ reason: String, _ node: NodeStage) -> [Action] {
        guard case .running(let engine) = self.phase, node != .released else { return [] }
        self.phase = .lost(engine)
        return [.print(reason), .releaseNode(TaskFailure(code: .lost, message: reason))]
    }

    private mutating func released(isConnected: Bool) -> [Action] {
        switch self.phase {
        case .running(let engine):
            self.phase = isConnected ? .parting(engine) : .over(.done, engine)
            return isConnected ? [.awaitClose] : []
        case .lost(let engine): self.phase = .over(.lost, engine)
        case .parting(let engine): if !isConnected { self.phase = .over(.done, engine) }
        case .reporting, .over: break
        }
        return []
    }

    private mutating func report(_ report: GangReport) -> [Action] {
        guard case .running(let engine) = self.phase else { return [] }
        if engine == .gone, report.failure?.code == .cancelled {
            self.phase = .over(.done, engine)
            return []
        }
        self.phase = .reporting(engine)
        return [.write(report)]
    }
}

/// An event that cannot happen on this kind of node, or in this phase.
struct IllegalAttemptEvent: Error, Sendable, CustomStringConvertible {
    var event: AttemptStateMachine.Event
    var kind: AttemptStateMachine.Kind

    var description: String { "an attempt on a \(self.kind) node cannot take \(self.event) now" }
}
