import MusterFrameworks
import MusterModel
import MusterWire

/// The decisions of a gang's control, on node 0: it keeps the gang's machines together and turns their actions into messages.
///
/// Nodes are named by their index until the gang starts, and by their place in the roster from then on. An event that comes
/// too late changes nothing. A node that sends what it cannot send in its phase loses its connection, which ends a gang
/// that runs, with that node as the cause.
struct ControlStateMachine: Sendable, Equatable {
    enum Event: Sendable, Equatable {
        /// This node's own arrival.
        case joined(RosterNode)
        case hello(GangHello)
        case message(WorkerMessage, node: Int)
        /// From this node's own machine.
        case request(ControlNodeRequest)
        /// The connection of a node has ended.
        case lost(node: Int, reason: String)
        case broke(node: Int, rule: String)
        case stop(TaskFailure)
        case rendezvousDeadline
        case setupDeadline
        case timeout
        /// The time of ``Action/awaitAccount(_:seconds:)`` is over.
        case graceOver(LaunchRound)
        /// The outcome of ``Action/reservePort(_:_:_:)``.
        case portReserved(LaunchRound, LaunchRequest, processes: [Int], Result<Int, AgentError>)
        case broadcastFailed(Int, AgentError)
    }

    enum Action: Sendable, Equatable {
        /// Accept the connection of this hello in the node's place, instead of an older one.
        case admit(node: Int)
        case refuse(String)
        /// Close the connection of a node.
        case drop(node: Int)
        /// From here on the node with index `nodes[k]` is node k.
        case renumber(nodes: [Int])
        case send(ControlMessage, nodes: [Int])
        /// For this node's own machine.
        case answer(ControlNodeAnswer)
        case status(AgentStatus)
        /// The rendezvous is over.
        case start(timeout: Double?, setupDeadline: Double?)
        case cancelTimers
        /// Find a port for a round on this node: ``Event/portReserved(_:_:processes:_:)``.
        case reservePort(LaunchRound, LaunchRequest, processes: [Int])
        case awaitAccount(LaunchRound, seconds: Double)
        /// Send the bytes of a file.
        case sendFile(BroadcastOffer, node: Int)
        case finish(failure: TaskFailure?, nodes: [NodeReport])
        /// For the log: a node broke this rule of the gang protocol.
        case blame(node: Int, rule: String)
        /// For people: an event that no node can be blamed for.
        case print(String)
    }

    /// The control node's index.
    static let own = 0

    let spec: NodeSpec
    private let setup: ClusterSetup
    private(set) var size: Int
    private(set) var gang: GangStateMachine
    var launches: LaunchStateMachine
    private var barriers: BarrierStateMachine
    /// nil when there are no services to start.
    private var cluster: SetupStateMachine?
    /// The node on which each command of this node's launcher runs.
    var remoteNodes: [Int: Int] = [:]
    var broadcasts: [Int: Broadcast] = [:]
    /// The actions of the event that is being handled.
    private var actions: [Action] = []

    init(spec: NodeSpec, setup: ClusterSetup) {
        self.spec = spec
        self.setup = setup
        self.size = spec.size
        self.gang = GangStateMachine(
            size: spec.size, minimum: spec.minimum, bodies: setup.bodies == .everyNode ? nil : 1,
            given: spec.task.inputs.first?.artifacts ?? [:])
        self.launches = LaunchStateMachine(size: spec.size)
        self.barriers = BarrierStateMachine(nodes: Set(self.gang.bodies))
        if setup.stages > 0 { self.cluster = SetupStateMachine(size: spec.size, stages: setup.stages) }
    }

    mutating func handle(_ event: Event) -> [Action] {
        self.actions = []
        defer { self.actions = [] }
        self.take(event)
        return self.actions
    }

    mutating func emit(_ action: Action) { self.actions.append(action) }

    private mutating func take(_ event: Event) {
        switch event {
        case .joined(let node): self.join(node)
        case .hello(let hello): self.greet(hello)
        case .message(let message, let node): self.receive(message, from: node)
        case .request(let request): self.receive(request)
        case .lost(let node, let reason): self.lose(node, reason)
        case .broke(let node, let rule): self.misbehaves(node, rule)
        case .stop(let failure): self.apply(.stopped(failure))
        case .rendezvousDeadline: self.apply(.deadlinePassed(seconds: self.spec.rendezvousDeadline))
        case .setupDeadline: self.applySetup(.deadlinePassed(seconds: self.setup.deadline), Self.own)
        case .timeout: self.apply(.timedOut(seconds: self.spec.timeout ?? 0))
        case .graceOver(let round): self.applyLaunch(.graceOver(round: round))
        case .portReserved(let round, let request, let processes, let port):
            self.start(round, request, processes, port)
        case .broadcastFailed(let broadcast, let error): self.broadcastFailed(broadcast, error)
        }
    }

    // MARK: Nodes

    private mutating func greet(_ hello: GangHello) {
        if let reason = hello.refusal(attempt: self.spec.attempt, size: self.spec.size) {
            return self.emit(.refuse(reason))
        }
        guard self.gang.acceptsNodes else { return self.emit(.refuse("the gang is complete, or over")) }
        self.emit(.admit(node: hello.node.index))
        self.join(hello.node)
    }

    private mutating func join(_ node: RosterNode) {
        if self.gang.acceptsNodes { self.emit(.status(.joined(node: node.index))) }
        self.apply(.joined(node))
    }

    private mutating func lose(_ node: Int, _ reason: String) {
        self.emit(.drop(node: node))
        self.apply(.lost(node: node, reason: reason))
    }

    mutating func misbehaves(_ node: Int, _ rule: String) {
        self.emit(.blame(node: node, rule: rule))
        guard node == Self.own else { return self.lose(node, "it broke the gang protocol: \(rule)") }
        self.apply(
            .stopped(
                TaskFailure(code: .contract, message: "the control node broke the gang protocol: \(rule)", node: node)))
    }

    var isRunning: Bool { if case .running = self.gang.phase { true } else { false } }

    /// True when there are no services, or all are up: the bodies can run.
    private var isUp: Bool { self.cluster.map { $0.phase == .up } ?? true }

    mutating func sendToAll(_ message: ControlMessage) {
        self.emit(.send(message, nodes: Array(0..<self.size)))
    }

    // MARK: Messages

    /// True when a node can send this message now, or could before the gang was released.
    private func allows(_ message: WorkerMessage) -> Bool {
        switch message {
        case .heartbeat: true
        case .hello: false
        case .released, .ended(.failed): !self.gang.acceptsNodes
        case .setupReady: !self.gang.acceptsNodes && self.cluster != nil
        case .ended(.succeeded), .barrierReached, .broadcastWanted, .broadcastTaken, .remoteEnded, .launchRequested,
            .launchFailed, .launchHosting, .launchEnded:
            !self.gang.acceptsNodes && self.isUp
        }
    }

    private mutating func receive(_ message: WorkerMessage, from node: Int) {
        guard self.allows(message) else {
            return self.misbehaves(node, "the gang cannot take \(message) while it is \(self.gang.phase)")
        }
        switch message {
        case .heartbeat, .hello: break
        case .ended(let outcome):
            self.apply(.ended(node: node, outcome: outcome))
            self.applyLaunch(.bodyEnded(node: node))
            self.applyBarrier(.bodyEnded(node: node), node)
        case .setupReady(let stage): self.applySetup(.ready(node: node, stage: stage), node)
        case .barrierReached(let barrier): self.applyBarrier(.reached(node: node, barrier: barrier), node)
        case .broadcastWanted(let broadcast): self.broadcastWanted(broadcast, node)
        case .broadcastTaken(let broadcast, let failure): self.broadcastTaken(broadcast, node, failure)
        case .remoteEnded(let id, let code): self.remoteEnded(id, node, code)
        case .launchRequested(let launch, let request):
            self.applyLaunch(.requested(node: node, launch: launch, request: request))
        case .launchFailed(let round, let failure, let evidence):
            self.applyLaunch(.failed(node: node, round: round, failure: failure, evidence: evidence))
        case .launchHosting(let round): self.applyLaunch(.hosting(node: node, round: round))
        case .launchEnded(let round): self.applyLaunch(.ended(node: node, round: round))
        case .released:
            // The node's last message: everything that it sent was read, so the connection can be closed.
            self.emit(.drop(node: node))
            self.apply(.released(node: node))
        }
    }

    /// While the gang is released every node ends its own processes, and nobody waits for a file.
    private mutating func receive(_ request: ControlNodeRequest) {
        guard self.isRunning, self.isUp else { return }
        switch request {
        case .remoteRequested(let id, let target, let round, let command):
            self.startRemote(id, on: target, round, command)
        case .remoteAbandoned(let id): self.stopRemote(id)
        case .broadcastRequested(let offer): self.broadcast(offer)
        }
    }

    // MARK: The gang

    mutating func apply(_ event: GangStateMachine.Event) {
        do throws(IllegalGangEvent) {
            for action in try self.gang.handle(event) { self.perform(action) }
        } catch {
            guard let node = event.node, (0..<self.size).contains(node) else { return self.emit(.print("\(error)")) }
            self.misbehaves(node, "\(error)")
        }
    }

    private mutating func perform(_ action: GangStateMachine.Action) {
        switch action {
        case .start(let roster):
            self.emit(.start(timeout: self.timeout, setupDeadline: self.cluster.map { _ in self.setup.deadline }))
            self.form(roster)
            self.sendToAll(.roster(roster: PackedRoster(roster)))
        case .report(let node, let status):
            self.emit(.status(.ended(node: node, status: status)))
        case .release(let nodes, let failure):
            self.emit(.cancelTimers)
            self.emit(.send(.release(failure: failure), nodes: nodes))
        case .finish(let failure, let nodes): self.emit(.finish(failure: failure, nodes: nodes))
        }
    }

    private var timeout: Double? { self.spec.timeout.map { $0 + (self.spec.timeoutPatience ?? 0) } }

    /// The gang starts, perhaps without some nodes: from here on a node's number is its place in the roster.
    private mutating func form(_ roster: Roster) {
        guard roster.count < self.size else { return }
        self.size = roster.count
        self.launches = LaunchStateMachine(size: roster.count)
        self.barriers = BarrierStateMachine(nodes: Set(self.gang.bodies))
        if self.setup.stages > 0 { self.cluster = SetupStateMachine(size: roster.count, stages: self.setup.stages) }
        let indices = roster.nodes.map(\.index)
        self.emit(.renumber(nodes: indices))
        self.emit(.status(.formed(nodes: indices)))
    }

    private mutating func applySetup(_ event: SetupStateMachine.Event, _ node: Int) {
        guard self.isRunning else { return }
        do throws(IllegalSetupEvent) {
            for action in try self.cluster?.handle(event) ?? [] {
                switch action {
                case .begin(let stage): self.sendToAll(.setupStage(stage: stage))
                case .complete: self.sendToAll(.setupComplete)
                case .fail(let failure): self.apply(.stopped(failure))
                }
            }
        } catch {
            self.misbehaves(node, "\(error)")
        }
    }

    private mutating func applyBarrier(_ event: BarrierStateMachine.Event, _ node: Int) {
        guard self.isRunning else { return }
        do throws(IllegalBarrierEvent) {
            for case .answer(let barrier, let nodes, let failure) in try self.barriers.handle(event) {
                self.emit(.send(.barrierPassed(barrier: barrier, failure: failure), nodes: nodes))
            }
        } catch {
            self.misbehaves(node, "\(error)")
        }
    }
}
