/// The life of the launches of one gang's step: the nodes ask, all start, the first failure ends the round everywhere.
/// The control node's agent keeps it.
///
///     idle ──requested(all, alike · control)──▶ running(round) ──ended(all)──▶ idle, answered
///                                                  │  ▲
///                                failed · only hosts left │ ended(all), restarts left
///                                                  ▼  │
///                                               stopping ──ended(all), none left──▶ idle, answered
///
/// The first failure is the cause, with two exceptions. A program that ended without a report is a *suspect* for a grace
/// period: an account that comes meanwhile is the cause instead, and ends of other processes count as consequences. A
/// launcher that only reports that some process has died is the cause when no node reports which one.
package struct LaunchStateMachine: Sendable, Equatable {
    package enum Phase: Sendable, Equatable {
        /// Launch number `next` has been asked for by these nodes.
        case gathering(next: Int, requests: [Int: LaunchRequest])
        case running(Running)
    }

    /// The cause, unless a better account comes within the grace period.
    package struct Suspect: Sendable, Equatable {
        package var failure: TaskFailure
        package var isHearsay: Bool
    }

    /// A round whose processes run.
    package struct Running: Sendable, Equatable {
        package var round: LaunchRound
        package var request: LaunchRequest
        /// Of each node.
        package var processes: [Int]
        /// The nodes that have asked, and get the answer.
        package var asked: [Int: LaunchRequest]
        /// Nodes that have processes of the round.
        package var running: Set<Int>
        /// Of those, nodes that only run what the others' launcher has them run.
        package var hosting: Set<Int> = []
        /// The remaining processes are being stopped.
        package var isStopping = false
        package var suspect: Suspect?
        package var cause: TaskFailure?
    }

    package enum Event: Sendable, Equatable {
        case requested(node: Int, launch: Int, request: LaunchRequest)
        /// A process of the round failed on a node; more may follow.
        case failed(node: Int, round: LaunchRound, failure: TaskFailure, evidence: LaunchEvidence)
        /// The time that ``Action/awaitAccount(round:isHearsay:)`` asked for has passed.
        case graceOver(round: LaunchRound)
        /// A node has no process of its own: it runs the processes of the control node's launcher until it has to stop.
        case hosting(node: Int, round: LaunchRound)
        /// No process of the round is left on a node.
        case ended(node: Int, round: LaunchRound)
        /// The step body has ended on a node, which will request no other launch.
        case bodyEnded(node: Int)
    }

    package enum Action: Sendable, Equatable {
        /// Start a round on all nodes, on a free port of node 0.
        case start(round: LaunchRound, request: LaunchRequest, processes: [Int])
        /// End the processes of the round on all nodes.
        case stop(round: LaunchRound)
        /// Send ``Event/graceOver(round:)`` after the grace for a launcher to report why it killed its ranks; for hearsay, after
        /// the grace for every node to report the ends of its own processes.
        case awaitAccount(round: LaunchRound, isHearsay: Bool)
        /// A launch is over everywhere.
        case answer(launch: Int, nodes: [Int], failure: TaskFailure?)
    }

    package let size: Int
    package private(set) var phase: Phase
    /// Nodes whose body is over.
    private var gone: Set<Int> = []
    /// The results of launches that have ended, for nodes that request them later.
    private var over: [Int: TaskFailure?] = [:]

    package init(size: Int) {
        self.size = size
        self.phase = .gathering(next: 1, requests: [:])
    }

    /// - Throws: ``IllegalLaunchEvent`` for an event that cannot happen in this phase; nothing is changed then.
    package mutating func handle(_ event: Event) throws(IllegalLaunchEvent) -> [Action] {
        guard (0..<self.size).contains(event.node) else { throw self.illegal(event) }
        switch (self.phase, event) {
        case (_, .requested(let node, let launch, _)) where self.over[launch] != nil:
            return [.answer(launch: launch, nodes: [node], failure: self.over[launch] ?? nil)]
        case (.gathering(let next, let requests), .requested(let node, let launch, let request)):
            guard launch == next, requests[node] == nil, !self.gone.contains(node) else { throw self.illegal(event) }
            return self.gather(next, requests.merging([node: request]) { $1 })
        case (.running(var running), .requested(let node, let launch, let request)):
            guard launch == running.round.launch, running.request.asker == .controlNode, running.asked[node] == nil
            else { throw self.illegal(event) }
            running.asked[node] = request
            self.phase = .running(running)
            // A request that differs fails the launch, like one that came before it began.
            guard let problem = LaunchDifference.failure(in: running.asked) else { return [] }
            return self.fail(running, problem)
        case (.gathering(let next, let requests), .bodyEnded(let node)):
            self.gone.insert(node)
            return self.gather(next, requests)
        case (.running, .bodyEnded(let node)):
            self.gone.insert(node)
            return []
        case (.running(let running), .failed(let node, let round, let failure, let evidence)):
            // A node reports one failure a round; a stopped one may have sent it before it heard of the stop.
            guard round == running.round, running.running.contains(node) else { return try self.late(event, round) }
            return self.weigh(running, failure, evidence)
        case (.running(let running), .graceOver(let round)):
            guard round == running.round, let suspect = running.suspect else { return [] }
            return self.fail(running, suspect.failure)
        case (.gathering, .graceOver):
            return []
        case (.running(var running), .hosting(let node, let round)):
            guard round == running.round, running.running.contains(node) else { throw self.illegal(event) }
            running.hosting.insert(node)
            return self.proceed(running)
        case (.running(var running), .ended(let node, let round)):
            guard round == running.round, running.running.contains(node) else { throw self.illegal(event) }
            running.running.remove(node)
            running.hosting.remove(node)
            return self.proceed(running)
        case (.gathering(let next, _), .failed(_, let round, _, _)) where round.launch < next:
            return []
        case (.gathering, .failed), (.gathering, .ended), (.gathering, .hosting):
            throw self.illegal(event)
        }
    }

    private func illegal(_ event: Event) -> IllegalLaunchEvent { IllegalLaunchEvent(event: event, phase: self.phase) }

    private func late(_ event: Event, _ failed: LaunchRound) throws(IllegalLaunchEvent) -> [Action] {
        guard case .running(let running) = self.phase,
            (failed.launch, failed.restart) < (running.round.launch, running.round.restart)
        else { throw self.illegal(event) }
        return []
    }

    // MARK: Asking

    private mutating func gather(_ next: Int, _ requests: [Int: LaunchRequest]) -> [Action] {
        self.phase = .gathering(next: next, requests: requests)
        if let failure = LaunchDifference.failure(in: requests) ?? self.neverComplete(next, requests) {
            self.phase = .gathering(next: next + 1, requests: [:])
            self.over[next] = failure
            return [.answer(launch: next, nodes: requests.keys.sorted(), failure: failure)]
        }
        guard let request = requests[0] else { return [] }
        let processes: [Int]
        switch request.asker {
        case .everyNode:
            guard requests.count == self.size else { return [] }
            processes = (0..<self.size).map { requests[$0]?.processes ?? 0 }
        case .controlNode:
            processes = request.processesOfAll ?? (0..<self.size).map { $0 == 0 ? request.processes : 0 }
        }
        return self.start(LaunchRound(launch: next, restart: 0), request, processes, asked: requests)
    }

    /// The failure of requests that wait for a node whose body has ended; nil when all can still come.
    private func neverComplete(_ next: Int, _ requests: [Int: LaunchRequest]) -> TaskFailure? {
        guard let first = requests.min(by: { $0.key < $1.key }) else { return nil }
        let isControls = first.value.asker == .controlNode
        let needed = isControls ? self.gone.filter { $0 == 0 && requests[0] == nil } : self.gone
        guard let missing = needed.min() else { return nil }
        return TaskFailure(
            code: .contract,
            message:
                "node \(first.key) started \(first.value.framework) (launch \(next) of the step), but the step "
                + "body of node \(missing) had ended without it; "
                + (isControls ? "the control node of a gang must start it" : "every node of a gang must start it"),
            node: missing, process: "step")
    }

    // MARK: Running

    private mutating func start(
        _ round: LaunchRound, _ request: LaunchRequest, _ processes: [Int], asked: [Int: LaunchRequest]
    ) -> [Action] {
        self.phase = .running(
            Running(round: round, request: request, processes: processes, asked: asked, running: Set(0..<self.size)))
        return [.start(round: round, request: request, processes: processes)]
    }

    private mutating func weigh(
        _ running: Running, _ failure: TaskFailure, _ evidence: LaunchEvidence
    ) -> [Action] {
        guard running.cause == nil else { return [] }
        switch (running.suspect?.isHearsay, evidence) {
        case (_, .account), (nil, .end), (true, .end): return self.fail(running, failure)
        case (false, .end), (.some, .hearsay), (false, .silence): return []
        case (nil, .silence), (nil, .hearsay), (true, .silence):
            var running = running
            running.suspect = Suspect(failure: failure, isHearsay: evidence == .hearsay)
            self.phase = .running(running)
            return [.awaitAccount(round: running.round, isHearsay: evidence == .hearsay)]
        }
    }

    private mutating func fail(_ running: Running, _ failure: TaskFailure) -> [Action] {
        guard running.cause == nil else { return [] }
        var running = running
        running.cause = failure
        let stops = !running.isStopping
        running.isStopping = true
        self.phase = .running(running)
        return stops ? [.stop(round: running.round)] : []
    }

    private mutating func proceed(_ running: Running) -> [Action] {
        var running = running
        guard running.running.isEmpty else {
            let onlyHosts = running.running == running.hosting && !running.isStopping
            running.isStopping = running.isStopping || onlyHosts
            self.phase = .running(running)
            return onlyHosts ? [.stop(round: running.round)] : []
        }
        let round = running.round
        running.cause = running.cause ?? running.suspect?.failure
        if running.cause != nil, round.restart < running.request.restarts, self.gone.isEmpty {
            return self.start(
                LaunchRound(launch: round.launch, restart: round.restart + 1), running.request, running.processes,
                asked: running.asked)
        }
        self.phase = .gathering(next: round.launch + 1, requests: [:])
        if running.request.asker == .controlNode { self.over[round.launch] = .some(running.cause) }
        return [.answer(launch: round.launch, nodes: running.asked.keys.sorted(), failure: running.cause)]
    }
}

extension LaunchStateMachine.Event {
    package var node: Int {
        switch self {
        case .requested(let node, _, _), .failed(let node, _, _, _), .hosting(let node, _), .ended(let node, _),
            .bodyEnded(let node):
            node
        case .graceOver:
            // The control node's own.
            0
        }
    }
}

/// An event that cannot happen in the phase the launches of a gang are in.
package struct IllegalLaunchEvent: Error, Sendable, CustomStringConvertible {
    package var event: LaunchStateMachine.Event
    package var phase: LaunchStateMachine.Phase

    package var description: String { "the launch cannot take \(self.event) while it is \(self.phase)" }
}
