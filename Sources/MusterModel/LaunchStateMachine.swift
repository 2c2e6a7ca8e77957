/// The life of the launches of one gang's step: all nodes ask, all start, the first failure ends the round everywhere.
/// The control node's agent keeps it.
///
///     idle ──requested(all, alike)──▶ running(round) ──ended(all)──▶ idle, answered
///                                        │  ▲
///                                 failed ▼  │ ended(all), restarts left
///                                      stopping ──ended(all), none left──▶ idle, answered with the cause
package struct LaunchStateMachine: Sendable, Equatable {
    package enum Phase: Sendable, Equatable {
        /// Launch number `next` has been asked for by these nodes.
        case gathering(next: Int, requests: [Int: LaunchRequest])
        /// The processes of `round` run on the `running` nodes; with a cause they are being stopped.
        case running(round: LaunchRound, requests: [LaunchRequest], running: Set<Int>, cause: TaskFailure?)
    }

    package enum Event: Sendable, Equatable {
        case requested(node: Int, launch: Int, request: LaunchRequest)
        /// A process of the round failed on a node; more may follow.
        case failed(node: Int, round: LaunchRound, failure: TaskFailure)
        /// No process of the round is left on a node.
        case ended(node: Int, round: LaunchRound)
        /// The step body has ended on a node: it will ask for no launch any more.
        case bodyEnded(node: Int)
    }

    package enum Action: Sendable, Equatable {
        /// Start a round on all nodes, on a free port of node 0.
        case start(round: LaunchRound, request: LaunchRequest, processes: [Int])
        /// End the processes of the round on all nodes.
        case stop(round: LaunchRound)
        /// A launch is over everywhere.
        case answer(launch: Int, nodes: [Int], failure: TaskFailure?)
    }

    package let size: Int
    package private(set) var phase: Phase
    /// Nodes whose body is over.
    private var gone: Set<Int> = []
    /// Launches that failed before every node had asked for them: who asks late hears why.
    private var abandoned: [Int: TaskFailure] = [:]

    package init(size: Int) {
        self.size = size
        self.phase = .gathering(next: 1, requests: [:])
    }

    /// - Throws: ``IllegalLaunchEvent`` for an event that cannot happen in this phase; nothing is changed then.
    package mutating func handle(_ event: Event) throws(IllegalLaunchEvent) -> [Action] {
        guard (0..<self.size).contains(event.node) else { throw IllegalLaunchEvent(event: event, phase: self.phase) }
        switch (self.phase, event) {
        case (.gathering(let next, _), .requested(let node, let launch, _)) where launch < next:
            guard let failure = self.abandoned[launch] else {
                throw IllegalLaunchEvent(event: event, phase: self.phase)
            }
            return [.answer(launch: launch, nodes: [node], failure: failure)]
        case (.gathering(let next, let requests), .requested(let node, let launch, let request)):
            guard launch == next, requests[node] == nil, !self.gone.contains(node) else {
                throw IllegalLaunchEvent(event: event, phase: self.phase)
            }
            return self.gather(next, requests.merging([node: request]) { $1 })
        case (.gathering(let next, let requests), .bodyEnded(let node)):
            self.gone.insert(node)
            return self.gather(next, requests)
        case (.running, .bodyEnded(let node)):
            self.gone.insert(node)
            return []
        case (.running(let round, let requests, let running, let cause), .failed(let node, let failed, let failure)):
            // A node reports one failure a round; a stopped one may have sent it before it heard of the stop.
            guard failed == round, running.contains(node) else { return try self.late(event, failed, round) }
            guard cause == nil else { return [] }
            self.phase = .running(round: round, requests: requests, running: running, cause: failure)
            return [.stop(round: round)]
        case (.running(let round, let requests, let running, let cause), .ended(let node, let ended)):
            guard ended == round, running.contains(node) else {
                throw IllegalLaunchEvent(event: event, phase: self.phase)
            }
            return self.end(round, requests, running.subtracting([node]), cause)
        case (.gathering(let next, _), .failed(_, let round, _)) where round.launch < next:
            return []
        case (.gathering, .failed), (.gathering, .ended), (.running, .requested):
            throw IllegalLaunchEvent(event: event, phase: self.phase)
        }
    }

    private func late(_ event: Event, _ failed: LaunchRound, _ now: LaunchRound) throws(IllegalLaunchEvent) -> [Action]
    {
        guard (failed.launch, failed.restart) < (now.launch, now.restart) else {
            throw IllegalLaunchEvent(event: event, phase: self.phase)
        }
        return []
    }

    private mutating func gather(_ next: Int, _ requests: [Int: LaunchRequest]) -> [Action] {
        self.phase = .gathering(next: next, requests: requests)
        let failure: TaskFailure
        if let problem = Self.difference(requests) {
            failure = problem
        } else if let missing = self.gone.min(), let first = requests.min(by: { $0.key < $1.key }) {
            failure = TaskFailure(
                code: .contract,
                message:
                    "node \(first.key) started \(first.value.framework) (launch \(next) of the step), but the step "
                    + "body of node \(missing) had ended without it; every node of a gang must start it",
                node: missing, process: "step")
        } else if requests.count == self.size {
            let ordered = (0..<self.size).compactMap { requests[$0] }
            return self.start(LaunchRound(launch: next, restart: 0), ordered)
        } else {
            return []
        }
        self.phase = .gathering(next: next + 1, requests: [:])
        self.abandoned[next] = failure
        return [.answer(launch: next, nodes: requests.keys.sorted(), failure: failure)]
    }

    private mutating func start(_ round: LaunchRound, _ requests: [LaunchRequest]) -> [Action] {
        self.phase = .running(round: round, requests: requests, running: Set(0..<self.size), cause: nil)
        return [.start(round: round, request: requests[0], processes: requests.map(\.processes))]
    }

    private mutating func end(
        _ round: LaunchRound, _ requests: [LaunchRequest], _ running: Set<Int>, _ cause: TaskFailure?
    ) -> [Action] {
        guard running.isEmpty else {
            self.phase = .running(round: round, requests: requests, running: running, cause: cause)
            return []
        }
        if cause != nil, round.restart < requests[0].restarts, self.gone.isEmpty {
            return self.start(LaunchRound(launch: round.launch, restart: round.restart + 1), requests)
        }
        self.phase = .gathering(next: round.launch + 1, requests: [:])
        return [.answer(launch: round.launch, nodes: Array(0..<self.size), failure: cause)]
    }

    /// What two nodes asked for differently, if they did.
    private static func difference(_ requests: [Int: LaunchRequest]) -> TaskFailure? {
        let nodes = requests.keys.sorted()
        guard let first = nodes.first, let mine = requests[first] else { return nil }
        for node in nodes.dropFirst() {
            guard let other = requests[node] else { continue }
            guard let (name, left, right) = Self.difference(mine, other) else { continue }
            return TaskFailure(
                code: .contract,
                message: "node \(first) and node \(node) started different things: \(name) is \(left) on node \(first) "
                    + "and \(right) on node \(node); every node of a gang must ask for the same",
                node: node, process: "step")
        }
        return nil
    }

    private static func difference(_ left: LaunchRequest, _ right: LaunchRequest) -> (String, String, String)? {
        if left.framework != right.framework { return ("the framework", left.framework, right.framework) }
        if left.restarts != right.restarts {
            return ("the number of restarts", "\(left.restarts)", "\(right.restarts)")
        }
        let names = Set(left.options.keys).union(right.options.keys).sorted()
        // As with torchrun itself, each node may give its workers other arguments: a folder of its own, say.
        for name in names where name != "arguments" && left.options[name] != right.options[name] {
            return (name, left.options[name].text, right.options[name].text)
        }
        return nil
    }
}

extension LaunchStateMachine.Event {
    package var node: Int {
        switch self {
        case .requested(let node, _, _), .failed(let node, _, _), .ended(let node, _), .bodyEnded(let node): node
        }
    }
}

extension JSONValue? {
    /// For messages.
    fileprivate var text: String {
        guard let self, let data = try? self.data() else { return "not given" }
        return String(decoding: data, as: UTF8.self)
    }
}

/// An event that cannot happen in the phase the launches of a gang are in.
package struct IllegalLaunchEvent: Error, Sendable, CustomStringConvertible {
    package var event: LaunchStateMachine.Event
    package var phase: LaunchStateMachine.Phase

    package var description: String { "the launch cannot take \(self.event) while it is \(self.phase)" }
}
