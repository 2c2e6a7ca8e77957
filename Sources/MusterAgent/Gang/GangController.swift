import FoundationEssentials
import MusterModel
import MusterProcess
import MusterStore
import MusterWire

/// The control of a gang, on node 0: carries out what ``GangStateMachine`` and ``LaunchStateMachine`` decide.
/// Used by the agent's one loop only.
final class GangController {
    private let spec: NodeSpec
    private let services: AgentServices
    /// What is said to node 0 itself.
    private let toNode: (GangMessage) -> Void

    private var gang: GangStateMachine
    private var launches: LaunchStateMachine
    private var silence = Silence(now: .now)
    private var connections: [Int: GangConnection] = [:]
    private var nodes: [GangConnection: Int] = [:]
    private var server: GangServer?
    private var deadline: ReactorToken?
    private var timeout: ReactorToken?
    private let started = GangController.now()

    /// Set when the gang is over.
    private(set) var report: GangReport?

    init(spec: NodeSpec, services: AgentServices, toNode: @escaping (GangMessage) -> Void) {
        self.spec = spec
        self.services = services
        self.toNode = toNode
        self.gang = GangStateMachine(size: spec.size)
        self.launches = LaunchStateMachine(size: spec.size)
    }

    /// Listens for the others, if there are any, and joins itself.
    func begin() async {
        let events = self.services.events
        if self.spec.size > 1 {
            self.deadline = self.services.reactor.schedule(after: self.spec.rendezvousDeadline) {
                events.yield(.rendezvousDeadline)
            }
        }
        self.join(
            RosterNode(
                index: self.spec.index, address: self.spec.address, cpus: self.spec.cpus, gpus: self.spec.gpus))
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

    func handle(_ connection: GangConnection, _ event: GangConnectionEvent) {
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
        if let reason = hello.refusal(attempt: self.spec.attempt, size: self.spec.size) {
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
        self.silence.heard(index, now: .now)
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
        self.silence.forget(node)
        guard let connection = self.connections.removeValue(forKey: node) else { return }
        self.nodes[connection] = nil
        connection.close()
    }

    private func send(_ message: GangMessage, to node: Int) {
        if node == self.spec.index { return self.toNode(message) }
        self.connections[node]?.send(message)
    }

    func tick() {
        for connection in self.connections.values { connection.send(.heartbeat) }
        for node in self.silence.tick(now: .now) {
            self.lose(node, "its agent has not been heard of for \(Int(Silence.limit)) s")
        }
    }

    // MARK: Messages

    /// Something a node says; `node` may be this one.
    func receive(_ message: GangMessage, from node: Int) {
        if node != self.spec.index { self.silence.heard(node, now: .now) }
        switch message {
        case .heartbeat: break
        case .ended(let outcome):
            self.apply(.ended(node: node, outcome: outcome))
            self.applyLaunch(.bodyEnded(node: node))
        case .launchRequested(let launch, let request):
            self.applyLaunch(.requested(node: node, launch: launch, request: request))
        case .launchFailed(let round, let failure):
            self.applyLaunch(.failed(node: node, round: round, failure: failure))
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

    func rendezvousDeadline() { self.apply(.deadlinePassed(seconds: self.spec.rendezvousDeadline)) }
    func timedOut() { self.apply(.timedOut(seconds: self.spec.timeout ?? 0)) }
    func stop(_ failure: TaskFailure) { self.apply(.stopped(failure)) }

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
            for node in 0..<self.spec.size { self.send(.roster(roster: roster), to: node) }
        case .report(let node, let status):
            self.services.status.send(.ended(node: node, status: status), isUrgent: status != .succeeded)
        case .release(let nodes, let failure):
            self.deadline?.cancel()
            self.timeout?.cancel()
            for node in nodes { self.send(.release(failure: failure), to: node) }
        case .finish(let failure, let nodes):
            self.server?.stop()
            self.report = GangReport(failure: failure, nodes: nodes, started: self.started, finished: Self.now())
        }
    }

    private func startTimeout() {
        guard let seconds = self.spec.timeout else { return }
        let events = self.services.events
        self.timeout = self.services.reactor.schedule(after: seconds) { events.yield(.timeout) }
    }

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
        case .start(let round, _, let processes):
            do {
                let port = try FreePort.pick(address: self.spec.address)
                if round.restart == 0 { self.apply(.launchStarted) }
                for node in 0..<self.spec.size {
                    self.send(.launchStarted(round: round, port: port, processes: processes), to: node)
                }
            } catch {
                self.stop(TaskFailure(code: .environment, message: "\(error)", node: 0))
            }
        case .stop(let round):
            for node in 0..<self.spec.size { self.send(.launchStopped(round: round), to: node) }
        case .answer(let launch, let nodes, let failure):
            if let failure { self.apply(.launchFailed(failure)) }
            for node in nodes { self.send(.launchAnswered(launch: launch, failure: failure), to: node) }
        }
    }

    private static func now() -> Double { Date().timeIntervalSince1970 }
}
