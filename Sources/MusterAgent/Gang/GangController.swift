package import MusterFrameworks
package import MusterModel
package import MusterWire

/// The control of a gang, on node 0: carries out what ``ControlStateMachine`` decides. Used by the agent's loop only.
package final class GangController {
    private var machine: ControlStateMachine
    private let spec: NodeSpec
    private let ports: [Int]
    private let services: AgentServices
    /// Hands an event to the machine of node 0, which shares this agent.
    private let toNode: (NodeEvent) -> Void
    /// The connection of each node; of a hello that is being decided on.
    private var connections: [Int: GangConnection] = [:]
    private var nodes: [GangConnection: Int] = [:]
    private var server: GangServer?
    private var rendezvousTimer: AgentTimer?
    private var timeoutTimer: AgentTimer?
    /// Keeps the port of the round that runs.
    private var launchPort: PortReservation?
    private let started: Double

    /// Set when the gang is over.
    package private(set) var report: GangReport?

    /// - Parameter ports: The ports that this node keeps free for the framework.
    package init(
        spec: NodeSpec, setup: ClusterSetup, ports: [Int], services: AgentServices,
        toNode: @escaping (NodeEvent) -> Void
    ) {
        self.machine = ControlStateMachine(spec: spec, setup: setup)
        self.spec = spec
        self.ports = ports
        self.services = services
        self.toNode = toNode
        self.started = services.clock.now
    }

    /// Listens for the other nodes, if there are any, and joins itself.
    package func begin() async {
        if self.spec.size > 1 {
            self.rendezvousTimer = self.schedule(.rendezvousDeadline, after: self.spec.rendezvousDeadline)
        }
        self.handle(.joined(RosterNode(self.spec, ports: self.ports)))
        guard self.spec.size > 1 else { return }
        do {
            let tls = try GangTLS(secret: self.spec.secret, attempt: self.spec.attempt)
            let server = try await GangServer.start(
                address: self.spec.listens ?? self.spec.address, size: self.spec.size, tls: tls,
                on: self.services.sockets, events: self.services.events, times: self.spec.times)
            self.server = server
            self.services.log.listens(port: server.port)
            self.services.status.send(.listening(port: server.port))
        } catch {
            self.stop(
                TaskFailure(
                    code: .rendezvous, message: "the control node cannot listen at \(self.spec.address): \(error)",
                    node: 0))
        }
    }

    @discardableResult
    private func schedule(_ event: AgentEvent, after seconds: Double) -> AgentTimer {
        let events = self.services.events
        return self.services.clock.schedule(after: seconds) { events.yield(event) }
    }

    // MARK: Events

    func handle(_ event: ControlStateMachine.Event, from connection: GangConnection? = nil) {
        self.services.log.hears(event)
        for action in self.machine.handle(event) {
            self.services.log.performs(action)
            self.perform(action, connection)
        }
    }

    package func handle(_ connection: GangConnection, _ event: GangConnectionEvent<WorkerMessage>) {
        switch (event, self.nodes[connection]) {
        case (.opened, _): break
        case (.message(.hello(let hello)), nil): self.handle(.hello(hello), from: connection)
        case (.message(let message), let node?): self.handle(.message(message, node: node))
        case (.message, nil): connection.close()
        case (.closed(let reason), let node?): self.handle(.lost(node: node, reason: reason))
        // A connection that was never accepted as a node's costs the gang nothing.
        case (.closed, nil): break
        }
    }

    /// Takes a message of this node's own machine.
    package func receive(_ message: WorkerMessage) { self.handle(.message(message, node: 0)) }

    package func stop(_ failure: TaskFailure) { self.handle(.stop(failure)) }

    // MARK: Actions

    private func perform(_ action: ControlStateMachine.Action, _ connection: GangConnection?) {
        switch action {
        case .admit(let node): if let connection { self.admit(connection, node) }
        case .refuse(let reason): connection?.close(after: ControlMessage.refused(reason: reason))
        case .drop(let node): self.drop(node)
        case .renumber(let nodes): self.renumber(nodes)
        case .send(let message, let nodes): self.send(message, to: nodes)
        case .answer(let answer): self.toNode(.answered(answer))
        case .status(let status): self.services.status.send(status)
        case .start(let timeout, let setupDeadline):
            self.rendezvousTimer?.cancel()
            if let timeout { self.timeoutTimer = self.schedule(.timeout, after: timeout) }
            if let setupDeadline { self.schedule(.setupDeadline, after: setupDeadline) }
        case .cancelTimers:
            self.rendezvousTimer?.cancel()
            self.timeoutTimer?.cancel()
        case .reservePort(let round, let request, let processes):
            self.handle(.portReserved(round, request, processes: processes, self.reservePort()))
        case .awaitAccount(let round, let seconds): self.schedule(.graceOver(round), after: seconds)
        case .sendFile(let offer, let node): self.sendFile(offer, to: node)
        case .finish(let failure, let nodes):
            self.server?.stop()
            self.report = GangReport(
                failure: failure, nodes: nodes, started: self.started, finished: self.services.clock.now)
        case .blame: break
        case .print(let line): AgentErrors.print(line)
        }
    }

    private func admit(_ connection: GangConnection, _ node: Int) {
        self.drop(node)
        self.connections[node] = connection
        self.nodes[connection] = node
        connection.admit()
        connection.send(ControlMessage.welcome(version: GangProtocol.version))
    }

    private func drop(_ node: Int) {
        guard let connection = self.connections.removeValue(forKey: node) else { return }
        self.nodes[connection] = nil
        connection.close()
    }

    private func renumber(_ indices: [Int]) {
        let old = self.connections
        (self.connections, self.nodes) = ([:], [:])
        for (node, index) in indices.enumerated() {
            guard let connection = old[index] else { continue }
            self.connections[node] = connection
            self.nodes[connection] = node
        }
    }

    /// Sends one message to several nodes. It is encoded once: N encodings of a roster of N nodes would cost O(N²) (saves
    /// 0.3 s of 1.3 at 1,024 nodes, Benchmarks: formation).
    private func send(_ message: ControlMessage, to nodes: [Int]) {
        let connections = nodes.compactMap { self.connections[$0] }
        if !connections.isEmpty { GangConnection.send(message, over: connections) }
        if nodes.contains(0) { self.toNode(.control(message, now: self.services.clock.now)) }
    }

    private func reservePort() -> Result<Int, AgentError> {
        do throws(AgentError) {
            let reservation = try PortReservation(count: 1, address: self.spec.address)
            self.launchPort = reservation
            return .success(reservation.ports[0])
        } catch {
            return .failure(error)
        }
    }

    private func sendFile(_ offer: BroadcastOffer, to node: Int) {
        guard let connection = self.connections[node] else { return }
        let events = self.services.events
        do throws(AgentError) {
            try OutgoingBroadcast(offer, over: connection, on: self.services.files) {
                events.yield(.broadcastFailed(broadcast: offer.broadcast, $0))
            }.start()
        } catch {
            self.handle(.broadcastFailed(offer.broadcast, error))
        }
    }
}
