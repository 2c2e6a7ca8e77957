import MusterModel
import MusterProcess
import MusterWire

/// The agents of one gang on this machine, from their start to their last exit.
///
///     forming ──listening──▶ formed ──finished──▶ reported ──all exited, or ready──▶ over
///        └───────── an agent ends without a report ──▶ abandoned ──all exited──▶ over
///
/// Node reports are the control node's to make; this value relays them, and speaks for the gang when the control
/// node's agent cannot.
struct LocalGang: Sendable, Equatable {
    enum Event: Sendable, Equatable {
        case status(AgentStatus)
        case exited(node: Int, ExitStatus, lastLines: [String])
        /// A signal has stopped the agent, and it was not continued within ``LocalTimes/stoppedGrace``.
        case stopped(node: Int)
        /// The agent of a gang of one has cleaned up after it and can be reused.
        case ready
        /// No process with the node's mark is left.
        case swept(node: Int)
        case cancelled(TaskFailure)
        /// A deadline that ``Action/killLater(node:seconds:)`` set has come.
        case overdue(node: Int)
    }

    enum Action: Sendable, Equatable {
        case tell(node: Int, AgentCommand)
        /// Closes the agent's standard input: it stops its node and exits.
        case dismiss(node: Int)
        case kill(node: Int)
        /// Sends ``Event/overdue(node:)`` after some seconds, unless the agent has exited by then.
        case killLater(node: Int, seconds: Double)
        /// Ends every process that carries the node's mark, then sends ``Event/swept(node:)``.
        case sweep(node: Int)
        case observe(GangObservation.Event)
    }

    private enum NodePhase: Sendable, Equatable { case alive, sweeping, gone }

    let attempt: AttemptID
    let size: Int
    let controlAddress: String
    /// Seconds between SIGTERM and SIGKILL on the nodes.
    let grace: Double
    private let times: LocalTimes
    let started: Double

    private var nodes: [NodePhase]
    /// The agents of the gang's nodes, in node order, where some did not come in time.
    private var members: [Int]?
    private var report: GangReport?
    private var inferred: TaskFailure?
    private var cancellation: TaskFailure?
    /// The failures of agents, by node.
    private var ends: [Int: TaskFailure] = [:]
    /// Nodes whose agents were killed from here.
    private var killed: Set<Int> = []

    init(attempt: AttemptID, size: Int, controlAddress: String, grace: Double, times: LocalTimes, started: Double) {
        self.attempt = attempt
        self.size = size
        self.controlAddress = controlAddress
        self.grace = grace
        self.times = times
        self.started = started
        self.nodes = Array(repeating: .alive, count: size)
    }

    var isReported: Bool { self.report != nil }
    var isOver: Bool { self.nodes.allSatisfy { $0 == .gone } }

    /// Applies `event`. `now` is Unix time in seconds, for the report of a gang that could not write its own.
    mutating func handle(_ event: Event, now: Double) -> [Action] {
        switch event {
        case .status(let status): self.relay(status)
        case .exited(let node, let status, let lastLines): self.exited(node, status, lastLines, now)
        case .stopped(let node): self.stopped(node)
        case .ready: self.ready(now)
        case .swept(let node): self.gone(node, now)
        case .cancelled(let failure): self.cancel(failure)
        case .overdue(let node): self.overdue(node)
        }
    }

    private mutating func relay(_ status: AgentStatus) -> [Action] {
        switch status {
        case .listening(let port):
            return (1..<max(1, self.size)).map {
                .tell(node: $0, .control(address: self.controlAddress, port: port))
            }
        case .joined(let node): return [.observe(.joined(node: node))]
        case .formed(let nodes):
            self.members = nodes
            let absent = self.nodes.indices.filter { !nodes.contains($0) && self.nodes[$0] == .alive }
            self.killed.formUnion(absent)
            return absent.map(Action.kill)
        case .started(let node): return [.observe(.started(node: node))]
        case .log(let node, let bytes): return [.observe(.log(node: node, bytes: bytes))]
        case .ended(let node, let status): return [.observe(.ended(node: node, status: status))]
        case .finished(let report):
            self.report = report
            self.explain()
            return self.expectTheEnd(of: report)
        // The backend has read it.
        case .reported, .controlLost, .ready: return []
        }
    }

    /// An agent that reports `ready` without a report must not be reused.
    private mutating func ready(_ now: Double) -> [Action] {
        guard self.size == 1, self.report != nil else { return [.kill(node: 0)] }
        return self.gone(0, now)
    }

    /// After the report every agent exits. One that a signal has stopped is killed after the grace period.
    private func expectTheEnd(of report: GangReport) -> [Action] {
        self.nodes.indices.filter { self.nodes[$0] == .alive }.map { node in
            let isLost = report.failure?.code == .lost && report.failure?.node.map(self.agent(of:)) == node
            return .killLater(node: node, seconds: isLost ? self.times.lostGrace : self.grace + self.times.exitGrace)
        }
    }

    /// The end of an agent that this program has killed tells nothing about the loss of its node.
    private mutating func overdue(_ node: Int) -> [Action] {
        guard self.nodes[node] == .alive else { return [] }
        self.killed.insert(node)
        return [.kill(node: node)]
    }

    private mutating func exited(_ node: Int, _ status: ExitStatus, _ lastLines: [String], _ now: Double) -> [Action] {
        guard self.nodes[node] == .alive else { return [] }
        var actions: [Action] = []
        if status != .exited(0), !self.killed.contains(node) {
            let end = self.lost(node, status, lastLines)
            self.ends[node] = end
            self.explain()
            // The control node does not notice the end of an agent that has not connected yet, and would wait for it.
            if node != 0, self.report == nil, self.nodes[0] == .alive {
                actions.append(.tell(node: 0, .stop(failure: end)))
            }
        }
        if node == 0, self.report == nil {
            // Without their control node the other agents exit; the deadline is for stopped ones.
            self.inferred = self.inferred ?? self.lost(node, status, lastLines)
            for other in self.nodes.indices where other != 0 && self.nodes[other] == .alive {
                actions += [
                    .dismiss(node: other), .killLater(node: other, seconds: self.grace + self.times.dismissGrace),
                ]
            }
        } else if self.report == nil,
            self.nodes.indices.allSatisfy({ $0 == 0 || $0 == node || self.nodes[$0] != .alive })
        {
            // Every worker has exited and the control node reports nothing: it hangs or was stopped.
            actions.append(.killLater(node: 0, seconds: self.grace + self.times.dismissGrace))
        }
        if status == .exited(0) { return actions + self.gone(node, now) }
        self.nodes[node] = .sweeping
        return actions + [.sweep(node: node)]
    }

    /// A stopped agent cannot terminate its node: this program terminates the node's processes, like those of a dead
    /// agent.
    private mutating func stopped(_ node: Int) -> [Action] {
        guard self.nodes[node] == .alive, !self.killed.contains(node) else { return [] }
        self.killed.insert(node)
        guard self.report == nil else { return [.kill(node: node)] }
        let place = self.place(of: node)
        let failure = TaskFailure(
            code: .lost,
            message: Self.stopMessage(place), node: place, process: "agent")
        self.ends[node] = failure
        guard node != 0 else {
            self.inferred = self.inferred ?? failure
            return [.kill(node: node)]
        }
        return [.tell(node: 0, .stop(failure: failure)), .kill(node: node)]
    }

    private static func stopMessage(_ node: Int) -> String {
        "the agent of node \(node) was stopped by a signal, and nobody continued it for a second"
    }

    /// Adds what only this machine knows, the signal that ended an agent, to what the control node reported. The agent's
    /// end and the report come in either order.
    private mutating func explain() {
        guard let failure = self.report?.failure, failure.code == .lost, failure.process == nil,
            let end = failure.node.flatMap({ self.ends[self.agent(of: $0)] })
        else { return }
        self.report?.failure = end
    }

    /// The agent of the gang's node `node`.
    private func agent(of node: Int) -> Int {
        guard let members = self.members, members.indices.contains(node) else { return node }
        return members[node]
    }

    /// The gang's node whose agent is `agent`.
    private func place(of agent: Int) -> Int { self.members?.firstIndex(of: agent) ?? agent }

    private func lost(_ agent: Int, _ status: ExitStatus, _ lastLines: [String]) -> TaskFailure {
        let node = self.place(of: agent)
        var failure = TaskFailure(
            code: .lost, message: "the agent of node \(node) ended: \(status)", node: node, process: "agent",
            lastLines: lastLines)
        switch status {
        case .exited(AgentKeeper.stoppedCode): failure.message = Self.stopMessage(node)
        case .exited(let code):
            failure.exitCode = Int(code)
            if let last = lastLines.last { failure.message = "the agent of node \(node) gave up: \(last)" }
        case .signaled(let signal):
            failure.signal = Int(signal)
        }
        return failure
    }

    private mutating func cancel(_ failure: TaskFailure) -> [Action] {
        guard self.cancellation == nil, self.report == nil else { return [] }
        self.cancellation = failure
        return [.tell(node: 0, .stop(failure: failure))]
            + self.nodes.indices.filter { self.nodes[$0] == .alive }.map {
                .killLater(node: $0, seconds: self.grace + self.times.exitGrace)
            }
    }

    private mutating func gone(_ node: Int, _ now: Double) -> [Action] {
        guard self.nodes[node] != .gone else { return [] }
        self.nodes[node] = .gone
        guard self.isOver else { return [] }
        return [.observe(.finished(self.report ?? self.inferredReport(now)))]
    }

    private func inferredReport(_ now: Double) -> GangReport {
        let failure =
            self.cancellation ?? self.inferred
            ?? TaskFailure(code: .lost, message: "the agents of \(self.attempt) left without a report")
        let nodes = (0..<self.size).map {
            NodeReport(index: $0, status: failure.node == $0 ? .failed : .stopped)
        }
        return GangReport(failure: failure, nodes: nodes, started: self.started, finished: now)
    }
}
