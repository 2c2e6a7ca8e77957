import MusterFrameworks
import MusterModel
import MusterWire

/// The decisions of a gang's control, on node 0: it keeps the gang's machines together and turns their actions into messages.
///
/// Nodes are named by their index until the gang starts, and by their place in the roster from then on. An event that comes
/// too late changes nothing. A message that a node cannot send in its phase ends the gang, with that node as the cause.
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
        case status(AgentStatus, isUrgent: Bool)
        /// The rendezvous is over.
        case start(timeout: Double?, setupDeadline: Double?)
        case cancelTimers
        /// Find a port for a round on this node: ``Event/portReserved(_:_:processes:_:)``.
        case reservePort(LaunchRound, LaunchRequest, processes: [Int])
        case awaitAccount(LaunchRound, seconds: Double)
        /// Send the bytes of a file.
        case sendFile(BroadcastOffer, node: Int)
        case finish(failure: TaskFailure?, nodes: [NodeReport])
        /// For people: an event that no node can be blamed for.
        case print(String)
    }

    /// The control node's index.
    private static let own = 0

    /// The progress of a broadcast.
    struct Broadcast: Sendable, Equatable {
        let offer: BroadcastOffer
        /// The nodes that do not have the file yet.
        var waiting: Set<Int>
        var failure: TaskFailure?
    }

    private let spec: NodeSpec
    private let setup: ClusterSetup
    private(set) var size: Int
    private(set) var gang: GangStateMachine
    private var launches: LaunchStateMachine
    private var barriers: BarrierStateMachine
    /// nil when there are no services to start.
    private var cluster: SetupStateMachine?
    /// The node on which each command of this node's launcher runs.
    private var remoteNodes: [Int: Int] = [:]
    private var broadcasts: [Int: Broadcast] = [:]
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

    private mutating func emit(_ action: Action) { self.actions.append(action) }

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
        self.emit(.status(.joined(node: node.index), isUrgent: self.size > 1))
        self.apply(.joined(node))
    }

    private mutating func lose(_ node: Int, _ reason: String) {
        self.emit(.drop(node: node))
        self.apply(.lost(node: node, reason: reason))
    }

    private mutating func misbehaves(_ node: Int, _ rule: String) {
        guard node == Self.own else { return self.lose(node, "it broke the gang protocol: \(rule)") }
        self.apply(
            .stopped(
                TaskFailure(code: .contract, message: "the control node broke the gang protocol: \(rule)", node: node)))
    }

    private var isRunning: Bool { if case .running = self.gang.phase { true } else { false } }

    private mutating func sendToAll(_ message: ControlMessage) {
        self.emit(.send(message, nodes: Array(0..<self.size)))
    }

    // MARK: Messages

    private mutating func receive(_ message: WorkerMessage, from node: Int) {
        switch message {
        case .heartbeat: break
        case .hello: self.misbehaves(node, "it said hello twice")
        case .ended(let outcome):
            self.apply(.ended(node: node, outcome: outcome))
            self.applyLaunch(.bodyEnded(node: node))
            self.applyBarrier(.bodyEnded(node: node), node)
        case .setupReady(let stage): self.applySetup(.ready(node: node, stage: stage), node)
        case .barrierReached(let barrier): self.applyBarrier(.reached(node: node, barrier: barrier), node)
        case .broadcastWanted(let broadcast):
            if let progress = self.broadcasts[broadcast] { self.emit(.sendFile(progress.offer, node: node)) }
        case .broadcastTaken(let broadcast, let failure): self.broadcastTaken(broadcast, node, failure)
        case .remoteEnded(let id, let code): self.emit(.answer(.remoteEnded(id: id, code: code)))
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

    private mutating func receive(_ request: ControlNodeRequest) {
        switch request {
        case .remoteRequested(let id, let target, let round, let command):
            self.remoteNodes[id] = target
            self.emit(.send(.remoteStarted(id: id, round: round, command: command), nodes: [target]))
        case .remoteAbandoned(let id):
            if let target = self.remoteNodes[id] { self.emit(.send(.remoteStopped(id: id), nodes: [target])) }
        case .broadcastRequested(let offer):
            let others = Set(0..<self.size).subtracting([Self.own])
            self.broadcasts[offer.broadcast] = Broadcast(offer: offer, waiting: others)
            self.emit(.send(.broadcastOffered(offer: offer), nodes: others.sorted()))
            self.settle(offer.broadcast)
        }
    }

    // MARK: The gang

    private mutating func apply(_ event: GangStateMachine.Event) {
        do throws(IllegalGangEvent) {
            for action in try self.gang.handle(event) { self.perform(action) }
        } catch {
            guard let node = event.node else { return self.emit(.print("\(error)")) }
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
            self.emit(.status(.ended(node: node, status: status), isUrgent: status != .succeeded))
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
        self.emit(.status(.formed(nodes: indices), isUrgent: true))
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

    // MARK: Launches

    private mutating func applyLaunch(_ event: LaunchStateMachine.Event) {
        // While the gang is being released every node ends its own processes.
        guard self.isRunning else { return }
        do throws(IllegalLaunchEvent) {
            for action in try self.launches.handle(event) { self.perform(action) }
        } catch {
            self.misbehaves(event.node, "\(error)")
        }
    }

    private mutating func perform(_ action: LaunchStateMachine.Action) {
        switch action {
        case .start(let round, let request, let processes):
            self.emit(.reservePort(round, request, processes: processes))
        case .stop(let round): self.sendToAll(.launchStopped(round: round))
        case .awaitAccount(let round, let isHearsay):
            self.emit(
                .awaitAccount(round, seconds: isHearsay ? self.spec.times.reportGrace : self.spec.times.launcherGrace))
        case .answer(let launch, let nodes, var failure):
            failure?.id = "launch \(launch)"
            if let failure { self.apply(.launchFailed(failure)) }
            self.emit(.send(.launchAnswered(launch: launch, failure: failure), nodes: nodes))
        }
    }

    private mutating func start(
        _ round: LaunchRound, _ request: LaunchRequest, _ processes: [Int], _ port: Result<Int, AgentError>
    ) {
        guard self.isRunning else { return }
        switch port {
        case .failure(let error):
            self.apply(.stopped(TaskFailure(code: .environment, message: "\(error)", node: Self.own)))
        case .success(let port):
            if round.restart == 0 { self.apply(.launchStarted) }
            let shared = request.asker == .controlNode ? request : nil
            self.sendToAll(.launchStarted(round: round, port: port, processes: processes, request: shared))
        }
    }

    // MARK: Broadcasts

    private mutating func broadcastTaken(_ broadcast: Int, _ node: Int, _ failure: TaskFailure?) {
        guard var progress = self.broadcasts[broadcast] else { return }
        progress.waiting.remove(node)
        progress.failure = progress.failure ?? failure
        self.broadcasts[broadcast] = progress
        self.settle(broadcast)
    }

    /// The file cannot be read to its end: its receivers would wait for ever.
    private mutating func broadcastFailed(_ broadcast: Int, _ error: AgentError) {
        guard let progress = self.broadcasts.removeValue(forKey: broadcast) else { return }
        let failure = TaskFailure(
            code: .environment, message: "the file \(progress.offer.path) could not be sent: \(error)", node: Self.own)
        self.emit(.answer(.broadcastEnded(broadcast: broadcast, failure: failure)))
    }

    private mutating func settle(_ broadcast: Int) {
        guard let progress = self.broadcasts[broadcast], progress.waiting.isEmpty else { return }
        self.broadcasts[broadcast] = nil
        self.emit(.answer(.broadcastEnded(broadcast: broadcast, failure: progress.failure)))
    }
}
