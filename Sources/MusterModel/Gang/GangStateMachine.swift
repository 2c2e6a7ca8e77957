/// The life of one gang, from the first agent to the last one's leave. The control node's agent keeps it.
///
///     pending ──joined(last)──▶ running ──ended(all)──▶ releasing ──released(all)──▶ done
///        └──deadline / stop────────┴──failed / lost / timeout / stop──▲
///
/// Messages cross on the wire and timers fire late, so an event that merely comes too late changes nothing.
/// An event that cannot happen, such as an end before the start, throws and changes nothing either.
package struct GangStateMachine: Sendable, Equatable {
    package enum Phase: Sendable, Equatable {
        case pending(joined: [Int: RosterNode])
        case running(ended: [Int: NodeOutcome])
        /// `waiting` are the nodes that have not left yet.
        case releasing(failure: TaskFailure?, reports: [NodeReport], waiting: Set<Int>)
        case done
    }

    package enum Event: Sendable, Equatable {
        /// A node has come. Joining is retried, so it may come twice; the last address wins.
        case joined(RosterNode)
        /// The rendezvous deadline has passed.
        case deadlinePassed(seconds: Double)
        case ended(node: Int, outcome: NodeOutcome)
        /// A node's agent has ended, or sends no heartbeat.
        case lost(node: Int, reason: String)
        case launchStarted
        case launchFailed(TaskFailure)
        case timedOut(seconds: Double)
        /// The engine or a person ends the attempt, or knows that a node's agent has ended.
        case stopped(TaskFailure)
        /// Nothing is left on this node.
        case released(node: Int)
    }

    package enum Action: Sendable, Equatable {
        /// All have come, or enough: start the step body on every node. In the roster a node stands where its index among
        /// those that have come is, and under the index that it came with.
        case start(Roster)
        /// A node has ended: for who watches.
        case report(node: Int, status: NodeReport.Status)
        /// Take everything down on these nodes; the failure is the reason, if it is one.
        case release(nodes: [Int], failure: TaskFailure?)
        /// The gang is over.
        case finish(failure: TaskFailure?, nodes: [NodeReport])
    }

    /// The requested number of nodes; once the gang runs, the actual one.
    package private(set) var size: Int
    /// With how many it starts when no more have come by the deadline.
    package let minimum: Int
    /// The nodes on which the step's body runs.
    package private(set) var bodies: Range<Int>
    /// The result of a node without a body: the input artifacts of the step.
    package let given: [String: ArtifactReference]
    package private(set) var phase: Phase
    /// The failure of the last launch: the cause of body errors that follow it.
    private var launchFailure: TaskFailure?
    private var roster: Roster?

    /// A gang of `size` nodes of which none has come.
    /// - Parameters:
    ///   - minimum: The smallest number of nodes with which the gang starts at the deadline; nil for `size`.
    ///   - bodies: The number of nodes with a body, counted from node 0; nil for all.
    ///   - given: The artifacts that the step was given.
    package init(size: Int, minimum: Int? = nil, bodies: Int? = nil, given: [String: ArtifactReference] = [:]) {
        self.size = size
        self.minimum = min(minimum ?? size, size)
        self.bodies = 0..<(bodies ?? size)
        self.given = given
        self.phase = .pending(joined: [:])
    }

    /// True while nodes can join.
    package var acceptsNodes: Bool { if case .pending = self.phase { true } else { false } }

    /// - Throws: ``IllegalGangEvent`` for an event that cannot happen in this phase; nothing is changed then.
    package mutating func handle(_ event: Event) throws(IllegalGangEvent) -> [Action] {
        guard self.names(event) else { throw IllegalGangEvent(event: event, phase: self.phase) }
        switch self.phase {
        case .pending(let joined): return try self.whilePending(event, joined)
        case .running(let ended): return try self.whileRunning(event, ended)
        case .releasing(let failure, let reports, let waiting):
            return try self.whileReleasing(event, failure, reports, waiting)
        case .done: return try self.whenDone(event)
        }
    }

    /// True when the node of `event`, if it has one, belongs to this gang.
    private func names(_ event: Event) -> Bool {
        switch event {
        case .joined(let node): (0..<self.size).contains(node.index)
        case .ended(let node, _), .lost(let node, _), .released(let node): (0..<self.size).contains(node)
        case .deadlinePassed, .launchStarted, .launchFailed, .timedOut, .stopped: true
        }
    }

    private mutating func whilePending(
        _ event: Event, _ joined: [Int: RosterNode]
    ) throws(IllegalGangEvent) -> [Action] {
        switch event {
        case .joined(let node):
            var joined = joined
            joined[node.index] = node
            self.phase = .pending(joined: joined)
            return joined.count == self.size ? self.start(joined) : []
        case .lost(let node, _):
            // Its agent tries again until the deadline.
            var joined = joined
            joined[node] = nil
            self.phase = .pending(joined: joined)
            return []
        case .deadlinePassed(let seconds):
            // A gang without its control node cannot start.
            if joined.count >= self.minimum, joined[0] != nil { return self.start(joined) }
            let missing = (0..<self.size).filter { joined[$0] == nil }
            return self.release(
                .missing(missing, size: self.size, seconds: seconds), causes: missing, present: joined.keys)
        case .stopped(let failure):
            return self.release(failure, causes: failure.lostNodes, present: joined.keys)
        case .timedOut(let seconds):
            return self.release(.timeout(seconds), causes: [], present: joined.keys)
        case .ended, .launchStarted, .launchFailed, .released:
            throw IllegalGangEvent(event: event, phase: self.phase)
        }
    }

    private mutating func start(_ joined: [Int: RosterNode]) -> [Action] {
        let roster = Roster(nodes: joined.values.sorted { $0.index < $1.index })
        if self.bodies.count == self.size { self.bodies = 0..<roster.count }
        self.size = roster.count
        self.roster = roster
        self.phase = .running(ended: [:])
        return [.start(roster)]
    }

    private mutating func whileRunning(
        _ event: Event, _ ended: [Int: NodeOutcome]
    ) throws(IllegalGangEvent) -> [Action] {
        let all = 0..<self.size
        switch event {
        case .ended(let node, let outcome):
            guard ended[node] == nil else { throw IllegalGangEvent(event: event, phase: self.phase) }
            if case .succeeded = outcome, !self.bodies.contains(node) {
                throw IllegalGangEvent(event: event, phase: self.phase)
            }
            var ended = ended
            ended[node] = outcome
            self.phase = .running(ended: ended)
            if case .failed(let failure, _, let launch) = outcome {
                return self.fail(node: node, failure, after: launch)
            }
            let report = Action.report(node: node, status: .succeeded)
            return ended.count == self.bodies.count ? [report] + self.succeed(ended) : [report]
        case .lost(let node, let reason):
            let failure = TaskFailure.lost(node: node, address: self.roster?.nodes[node].address, reason: reason)
            return self.release(failure, causes: [node], present: all.filter { $0 != node })
        case .launchStarted:
            self.launchFailure = nil
            return []
        case .launchFailed(let failure):
            self.launchFailure = failure
            return []
        case .timedOut(let seconds):
            return self.release(.timeout(seconds), causes: [], present: all)
        case .stopped(let failure):
            return self.release(failure, causes: failure.lostNodes, present: all)
        case .deadlinePassed:
            return []
        case .joined, .released:
            throw IllegalGangEvent(event: event, phase: self.phase)
        }
    }

    private mutating func whileReleasing(
        _ event: Event, _ failure: TaskFailure?, _ reports: [NodeReport], _ waiting: Set<Int>
    ) throws(IllegalGangEvent) -> [Action] {
        switch event {
        case .released(let node), .lost(let node, _):
            guard waiting.contains(node) else {
                if case .released = event { throw IllegalGangEvent(event: event, phase: self.phase) }
                return []
            }
            let waiting = waiting.subtracting([node])
            guard waiting.isEmpty else {
                self.phase = .releasing(failure: failure, reports: reports, waiting: waiting)
                return []
            }
            self.phase = .done
            return [.finish(failure: failure, nodes: reports)]
        case .ended(let node, .failed(_, let left, _)):
            // It has failed at the same time: what its body had set can be read as well.
            var reports = reports
            if reports.indices.contains(node), reports[node].result == nil { reports[node].left = left }
            self.phase = .releasing(failure: failure, reports: reports, waiting: waiting)
            return []
        case .ended, .launchStarted, .launchFailed, .timedOut, .stopped, .deadlinePassed:
            return []
        case .joined:
            throw IllegalGangEvent(event: event, phase: self.phase)
        }
    }

    private func whenDone(_ event: Event) throws(IllegalGangEvent) -> [Action] {
        switch event {
        case .lost, .timedOut, .stopped, .deadlinePassed: return []
        case .joined, .ended, .launchStarted, .launchFailed, .released:
            throw IllegalGangEvent(event: event, phase: self.phase)
        }
    }

    // MARK: Ends

    /// Ends the gang for a node's failure, or for the failed launch that is its cause.
    /// - Parameter launch: The id of the failed launch after which the body ended by an error.
    private mutating func fail(node: Int, _ failure: TaskFailure, after launch: String?) -> [Action] {
        if let cause = self.launchFailure, let id = cause.id, failure.id == id || launch == id {
            return self.release(cause, causes: cause.node.map { [$0] } ?? [], present: 0..<self.size)
        }
        return self.release(failure, causes: failure.code == .timeout ? [] : [node], present: 0..<self.size)
    }

    /// Every body has ended well: they must have taken the same transition.
    private mutating func succeed(_ ended: [Int: NodeOutcome]) -> [Action] {
        var results: [NodeResult] = []
        for node in self.bodies {
            if case .succeeded(let result) = ended[node] { results.append(result) }
        }
        // Nodes without a body go where the control node went, with what they were given.
        if let first = results.first {
            let silent = NodeResult(transition: first.transition, artifacts: self.given)
            results += Array(repeating: silent, count: self.size - self.bodies.count)
        }
        if let failure = TaskFailure.disagreement(results.map(\.transition)) {
            return self.release(failure, causes: failure.node.map { [$0] } ?? [], present: 0..<self.size)
        }
        let reports = results.enumerated().map { NodeReport(index: $0, status: .succeeded, result: $1) }
        self.phase = .releasing(failure: nil, reports: reports, waiting: Set(0..<self.size))
        let silent = (self.bodies.upperBound..<self.size).map { Action.report(node: $0, status: .succeeded) }
        return [.release(nodes: Array(0..<self.size), failure: nil)] + silent
    }

    /// Ends the gang for `failure`. `present` are the nodes that are still connected.
    private mutating func release(
        _ failure: TaskFailure, causes: [Int], present: some Sequence<Int>
    ) -> [Action] {
        var ended: [Int: NodeOutcome] = [:]
        if case .running(let outcomes) = self.phase { ended = outcomes }
        var reports: [NodeReport] = []
        var actions: [Action] = []
        for node in 0..<self.size {
            var report = NodeReport(index: node, status: causes.contains(node) ? .failed : .stopped)
            var known = false
            if case .succeeded(let result) = ended[node] {
                known = !causes.contains(node)
                report = NodeReport(index: node, status: known ? .succeeded : .failed, result: result)
            }
            if case .failed(_, let left, _) = ended[node] { report.left = left }
            reports.append(report)
            if !known { actions.append(.report(node: node, status: report.status)) }
        }
        let waiting = present.sorted()
        guard !waiting.isEmpty else {
            self.phase = .done
            return actions + [.finish(failure: failure, nodes: reports)]
        }
        self.phase = .releasing(failure: failure, reports: reports, waiting: Set(waiting))
        // The release comes first, so that reports to observers do not delay it.
        return [.release(nodes: waiting, failure: failure)] + actions
    }
}

/// An event that cannot happen in the phase a gang is in.
package struct IllegalGangEvent: Error, Sendable, CustomStringConvertible {
    package var event: GangStateMachine.Event
    package var phase: GangStateMachine.Phase

    package var description: String { "the gang cannot take \(self.event) while it is \(self.phase)" }
}
