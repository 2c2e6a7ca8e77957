import FoundationEssentials
package import MusterFrameworks
package import MusterModel
import MusterProcess
import MusterStore
package import MusterWire

/// The control of a gang, on node 0: carries out what ``GangStateMachine`` and ``LaunchStateMachine`` decide.
/// Used by the agent's one loop only.
package final class GangController {
    /// As the gang has come together.
    private(set) var spec: NodeSpec
    let services: AgentServices
    private let setup: ClusterSetup
    private let ports: [Int]
    /// What is said to node 0 itself.
    private let toNode: (GangMessage) -> Void

    /// Seconds in which a launcher that has killed its programs has told why, or has at least ended.
    private static let doubt = 0.25
    /// Seconds in which every node has told of a daemon or a program that has ended there.
    private static let longDoubt = 0.8

    /// What the gang was to have.
    private let size: Int
    private var gang: GangStateMachine
    private var launches: LaunchStateMachine
    private var barriers: BarrierStateMachine
    /// nil when there are no services to start.
    private var cluster: SetupStateMachine?
    /// Where the commands of this node's launcher run.
    private var remoteNodes: [Int: Int] = [:]
    var broadcasts: [Int: BroadcastProgress] = [:]
    /// The port of the round that runs.
    private var launchPort: PortReservation?
    private(set) var connections: [Int: GangConnection] = [:]
    private var nodes: [GangConnection: Int] = [:]
    private var server: GangServer?
    private var deadline: ReactorToken?
    private var timeout: ReactorToken?
    private let started = GangController.now()

    /// Set when the gang is over.
    package private(set) var report: GangReport?

    /// - Parameter ports: What this node keeps free for the framework.
    package init(
        spec: NodeSpec, setup: ClusterSetup, ports: [Int], services: AgentServices,
        toNode: @escaping (GangMessage) -> Void
    ) {
        self.spec = spec
        self.setup = setup
        self.ports = ports
        self.services = services
        self.toNode = toNode
        self.size = spec.size
        self.gang = GangStateMachine(
            size: spec.size, minimum: spec.minimum, bodies: setup.bodies == .everyNode ? nil : 1,
            given: spec.task.inputs.first?.artifacts ?? [:])
        self.launches = LaunchStateMachine(size: spec.size)
        self.barriers = BarrierStateMachine(nodes: Set(self.gang.bodies))
        if setup.stages > 0 { self.cluster = SetupStateMachine(size: spec.size, stages: setup.stages) }
    }

    /// Listens for the others, if there are any, and joins itself.
    package func begin() async {
        let events = self.services.events
        if self.spec.size > 1 {
            self.deadline = self.services.reactor.schedule(after: self.spec.rendezvousDeadline) {
                events.yield(.rendezvousDeadline)
            }
        }
        self.join(RosterNode(self.spec, ports: self.ports))
        guard self.spec.size > 1 else { return }
        do {
            let tls = try GangTLS(secret: self.spec.secret, attempt: self.spec.attempt)
            let server = try await GangServer.start(
                address: self.spec.address, size: self.spec.size, tls: tls, on: self.services.sockets, events: events)
            self.server = server
            self.services.status.send(.listening(port: server.port))
        } catch {
            self.stop(
                TaskFailure(
                    code: .rendezvous, message: "the control node cannot listen at \(self.spec.address): \(error)",
                    node: 0))
        }
    }

    // MARK: Connections

    package func handle(_ connection: GangConnection, _ event: GangConnectionEvent) {
        switch event {
        case .opened: break
        case .message(.hello(let hello)): self.greet(connection, hello)
        case .message(let message):
            guard let node = self.nodes[connection] else { return connection.close() }
            self.receive(message, from: node)
        case .closed(let reason):
            // A connection that was never a node's is nobody's loss.
            if let node = self.nodes[connection] { self.lose(node, reason) }
        }
    }

    private func greet(_ connection: GangConnection, _ hello: GangHello) {
        if let node = self.nodes[connection] { return self.lose(node, "it said hello twice") }
        if let reason = hello.refusal(attempt: self.spec.attempt, size: self.size) {
            return connection.close(after: .refused(reason: reason))
        }
        guard self.gang.acceptsNodes else {
            return connection.close(after: .refused(reason: "the gang is complete, or over"))
        }
        let index = hello.node.index
        if let older = self.connections[index] {
            self.nodes[older] = nil
            older.close()
        }
        self.connections[index] = connection
        self.nodes[connection] = index
        connection.admit()
        connection.send(.welcome(version: GangMessage.version))
        self.join(hello.node)
    }

    private func join(_ node: RosterNode) {
        self.services.status.send(.joined(node: node.index), isUrgent: self.spec.size > 1)
        self.apply(.joined(node))
    }

    private func lose(_ node: Int, _ reason: String) {
        self.drop(node)
        self.apply(.lost(node: node, reason: reason))
    }

    private func drop(_ node: Int) {
        guard let connection = self.connections.removeValue(forKey: node) else { return }
        self.nodes[connection] = nil
        connection.close()
    }

    func send(_ message: GangMessage, to node: Int) {
        if node == self.spec.index { return self.toNode(message) }
        self.connections[node]?.send(message)
    }

    /// The same to several: it is encoded once.
    func send(_ message: GangMessage, to nodes: some Collection<Int>) {
        let connections = nodes.compactMap { self.connections[$0] }
        if !connections.isEmpty { GangConnection.send(message, over: connections) }
        if nodes.contains(self.spec.index) { self.toNode(message) }
    }

    private func sendToAll(_ message: GangMessage) { self.send(message, to: 0..<self.spec.size) }

    // MARK: Messages

    /// Something a node says; `node` may be this one.
    package func receive(_ message: GangMessage, from node: Int) {
        switch message {
        case .heartbeat: break
        case .ended(let outcome):
            self.apply(.ended(node: node, outcome: outcome))
            self.applyLaunch(.bodyEnded(node: node))
            self.applyBarrier(.bodyEnded(node: node), node)
        case .setupReady(let stage):
            self.applySetup(.ready(node: node, stage: stage), node)
        case .barrierReached(let barrier):
            self.applyBarrier(.reached(node: node, barrier: barrier), node)
        case .broadcastWanted(let broadcast):
            self.sendFile(of: broadcast, to: node)
        case .broadcastTaken(let broadcast, let failure):
            self.broadcastTaken(broadcast, node, failure)
        case .remoteEnded(let id, let code):
            self.toNode(.remoteEnded(id: id, code: code))
        case .remoteRequested(let id, let target, let round, let command) where node == self.spec.index:
            self.remoteNodes[id] = target
            self.send(.remoteStarted(id: id, round: round, command: command), to: target)
        case .remoteAbandoned(let id) where node == self.spec.index:
            if let target = self.remoteNodes[id] { self.send(.remoteStopped(id: id), to: target) }
        case .broadcastRequested(let offer) where node == self.spec.index:
            self.broadcast(offer)
        case .launchRequested(let launch, let request):
            self.applyLaunch(.requested(node: node, launch: launch, request: request))
        case .launchFailed(let round, let failure, let evidence):
            self.applyLaunch(.failed(node: node, round: round, failure: failure, evidence: evidence))
        case .launchHosting(let round):
            self.applyLaunch(.hosting(node: node, round: round))
        case .launchEnded(let round):
            self.applyLaunch(.ended(node: node, round: round))
        case .released:
            // Its last message: what it sent has all been read, so the connection can go.
            self.drop(node)
            self.apply(.released(node: node))
        default:
            self.misbehaves(node, "it sent what only the control node sends")
        }
    }

    private func misbehaves(_ node: Int, _ what: String) {
        if node == self.spec.index {
            self.stop(
                TaskFailure(code: .contract, message: "the control node broke the gang protocol: \(what)", node: node))
        } else {
            self.lose(node, "it broke the gang protocol: \(what)")
        }
    }

    func setupDeadline() { self.applySetup(.deadlinePassed(seconds: self.setup.deadline), self.spec.index) }
    func rendezvousDeadline() { self.apply(.deadlinePassed(seconds: self.spec.rendezvousDeadline)) }
    func doubtOver(_ round: LaunchRound) { self.applyLaunch(.doubtOver(round: round)) }
    func timedOut() { self.apply(.timedOut(seconds: self.spec.timeout ?? 0)) }
    package func stop(_ failure: TaskFailure) { self.apply(.stopped(failure)) }

    // MARK: Decisions

    private func apply(_ event: GangStateMachine.Event) {
        do {
            for action in try self.gang.handle(event) { self.perform(action) }
        } catch {
            guard let node = event.node else { return AgentErrors.print("\(error)") }
            self.misbehaves(node, "\(error)")
        }
    }

    private func perform(_ action: GangStateMachine.Action) {
        switch action {
        case .start(let roster):
            self.deadline?.cancel()
            self.startTimeout()
            self.startSetupDeadline()
            self.form(roster)
            self.sendToAll(.roster(roster: PackedRoster(roster)))
        case .report(let node, let status):
            self.services.status.send(.ended(node: node, status: status), isUrgent: status != .succeeded)
        case .release(let nodes, let failure):
            self.deadline?.cancel()
            self.timeout?.cancel()
            self.send(.release(failure: failure), to: nodes)
        case .finish(let failure, let nodes):
            self.server?.stop()
            self.report = GangReport(failure: failure, nodes: nodes, started: self.started, finished: Self.now())
        }
    }

    /// The gang has come together, perhaps without some: what is kept by index is kept by place in the roster from here on.
    private func form(_ roster: Roster) {
        guard roster.count < self.spec.size else { return }
        self.spec.size = roster.count
        self.launches = LaunchStateMachine(size: roster.count)
        self.barriers = BarrierStateMachine(nodes: Set(self.gang.bodies))
        if self.setup.stages > 0 { self.cluster = SetupStateMachine(size: roster.count, stages: self.setup.stages) }
        let old = self.connections
        self.connections = [:]
        self.nodes = [:]
        for (node, member) in roster.nodes.enumerated() {
            guard let connection = old[member.index] else { continue }
            self.connections[node] = connection
            self.nodes[connection] = node
        }
        self.services.status.send(.formed(nodes: roster.nodes.map(\.index)))
    }

    private func startTimeout() {
        guard let seconds = self.spec.timeout else { return }
        let events = self.services.events
        let patience = self.spec.timeoutPatience ?? 0
        self.timeout = self.services.reactor.schedule(after: seconds + patience) { events.yield(.timeout) }
    }

    // MARK: Services and barriers

    private func startSetupDeadline() {
        guard self.cluster != nil else { return }
        let events = self.services.events
        self.services.reactor.schedule(after: self.setup.deadline) { events.yield(.setupDeadline) }
    }

    private var isRunning: Bool { if case .running = self.gang.phase { true } else { false } }

    private func applySetup(_ event: SetupStateMachine.Event, _ node: Int) {
        guard self.isRunning else { return }
        do {
            for action in try self.cluster?.handle(event) ?? [] { self.perform(action) }
        } catch {
            self.misbehaves(node, "\(error)")
        }
    }

    private func perform(_ action: SetupStateMachine.Action) {
        switch action {
        case .begin(let stage): self.sendToAll(.setupStage(stage: stage))
        case .complete: self.sendToAll(.setupComplete)
        case .fail(let failure): self.stop(failure)
        }
    }

    private func applyBarrier(_ event: BarrierStateMachine.Event, _ node: Int) {
        guard self.isRunning else { return }
        do {
            for case .answer(let barrier, let nodes, let failure) in try self.barriers.handle(event) {
                self.send(.barrierPassed(barrier: barrier, failure: failure), to: nodes)
            }
        } catch {
            self.misbehaves(node, "\(error)")
        }
    }

    // MARK: Launches

    private func applyLaunch(_ event: LaunchStateMachine.Event) {
        // Once the gang is being released every node ends its own processes.
        guard case .running = self.gang.phase else { return }
        do {
            for action in try self.launches.handle(event) { self.perform(action) }
        } catch {
            self.misbehaves(event.node, "\(error)")
        }
    }

    private func perform(_ action: LaunchStateMachine.Action) {
        switch action {
        case .start(let round, let request, let processes): self.start(round, request, processes)
        case .stop(let round): self.sendToAll(.launchStopped(round: round))
        case .doubt(let round, let isHearsay):
            let events = self.services.events
            self.services.reactor.schedule(after: isHearsay ? Self.longDoubt : Self.doubt) {
                events.yield(.doubtOver(round))
            }
        case .answer(let launch, let nodes, let failure):
            if let failure { self.apply(.launchFailed(failure)) }
            self.send(.launchAnswered(launch: launch, failure: failure), to: nodes)
        }
    }

    private func start(_ round: LaunchRound, _ request: LaunchRequest, _ processes: [Int]) {
        do {
            let reservation = try PortReservation(count: 1, address: self.spec.address)
            self.launchPort = reservation
            if round.restart == 0 { self.apply(.launchStarted) }
            let shared = request.asker == .controlNode ? request : nil
            self.sendToAll(
                .launchStarted(round: round, port: reservation.ports[0], processes: processes, request: shared))
        } catch {
            self.stop(TaskFailure(code: .environment, message: "\(error)", node: 0))
        }
    }

    private static func now() -> Double { Date().timeIntervalSince1970 }
}
