import MusterModel
package import MusterWire

/// A worker's connection to the control node: retried until the deadline, then kept until the end. Used by the agent's loop
/// only.
package final class WorkerLink {
    package enum Outcome {
        case goOn
        case message(ControlMessage)
        case lost(String)
    }

    private enum Phase {
        /// Not accepted yet.
        case seeking
        /// Accepted. Nothing has begun.
        case welcome
        /// The roster has come, or the reason for which the gang ended.
        case formed
        case over
    }

    private let spec: NodeSpec
    private let ports: [Int]
    private let services: AgentServices
    private let tls: GangTLS
    private var control: (address: String, port: Int)?
    private var connection: GangConnection?
    private var phase = Phase.seeking
    private var pause = 0.01

    package init(spec: NodeSpec, ports: [Int], services: AgentServices) throws(AgentError) {
        self.spec = spec
        self.ports = ports
        self.services = services
        self.tls = try GangTLS(secret: spec.secret, attempt: spec.attempt)
    }

    /// The engine says where the control node listens.
    package func begin(address: String, port: Int) {
        guard self.control == nil else { return }
        self.control = (address, port)
        self.connect()
    }

    package func connect() {
        guard let control = self.control, self.phase == .seeking else { return }
        self.services.log.connects(to: control.address, port: control.port)
        GangClient.connect(
            address: control.address, port: control.port, tls: self.tls, on: self.services.sockets,
            events: self.services.events, files: self.services.inbox, times: self.spec.times)
    }

    package func retry() {
        self.services.log.retries(after: self.pause)
        let events = self.services.events
        self.services.clock.schedule(after: self.pause) { events.yield(.retryConnect) }
        self.pause = min(self.pause * 1.5, self.spec.times.reconnectInterval)
    }

    package func handle(_ connection: GangConnection, _ event: GangConnectionEvent<ControlMessage>) -> Outcome {
        switch event {
        case .opened:
            self.connection = connection
            let node = RosterNode(self.spec, ports: self.ports)
            connection.send(
                WorkerMessage.hello(
                    introduction: GangHello(attempt: self.spec.attempt, size: self.spec.size, node: node)))
        case .message(.welcome(let version)):
            guard version == GangProtocol.version else {
                return .lost(
                    "the control node speaks version \(version) of the gang protocol; use agents of one release")
            }
            if self.phase == .seeking { self.phase = .welcome }
        case .message(.refused(let reason)):
            return .lost("the control node refused this node: \(reason)")
        case .message(.heartbeat): break
        case .message(let message):
            if self.phase == .welcome { self.phase = .formed }
            return .message(message)
        case .closed(let reason):
            guard self.connection == nil || self.connection == connection else { return .goOn }
            self.connection = nil
            return self.ended(reason)
        }
        return .goOn
    }

    /// Before the gang has come together the control node forgets a lost node, and the node connects again until the
    /// deadline.
    private func ended(_ reason: String) -> Outcome {
        switch self.phase {
        case .seeking, .welcome:
            self.phase = .seeking
            self.retry()
            return .goOn
        case .formed: return .lost("the control node was lost: \(reason)")
        case .over: return .goOn
        }
    }

    func send(_ message: WorkerMessage) { self.connection?.send(message) }

    var isConnected: Bool { self.connection != nil }

    /// Ends the connection, or the search for one.
    package func close() {
        self.phase = .over
        self.connection?.close()
        self.connection = nil
    }
}
