import MusterModel
package import MusterWire

/// A worker's connection to the control node: retried until the deadline, then kept until the end. Used by the agent's loop
/// only.
///
/// A control node elsewhere has addresses in several networks, and which of them can be reached from here nobody knows: all
/// are tried, each a moment after the one before, and the first that shows the gang's key is taken. Another machine may have
/// the same private address, and a network that drops packets would otherwise be waited for.
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
    /// Seconds between the attempts at two addresses; RFC 8305 says 250 ms.
    private static let stagger = 0.25

    private var addresses: [String] = []
    private var port = 0
    /// The next address.
    private var turn = 0
    /// Attempts to connect, and connections, that have not ended.
    private var open = 0
    /// The next attempt has its time.
    private var isScheduled = false
    private var connection: GangConnection?
    private var phase = Phase.seeking
    private var pause = 0.01

    package init(spec: NodeSpec, ports: [Int], services: AgentServices) throws(AgentError) {
        self.spec = spec
        self.ports = ports
        self.services = services
        self.tls = try GangTLS(secret: spec.secret, attempt: spec.attempt)
    }

    /// The engine says where the control node listens; the likeliest address first.
    package func begin(addresses: [String], port: Int) {
        guard self.addresses.isEmpty, !addresses.isEmpty else { return }
        (self.addresses, self.port) = (addresses, port)
        self.connect()
    }

    /// The time of the next attempt has come.
    package func connect() {
        self.isScheduled = false
        guard !self.addresses.isEmpty, self.phase == .seeking, self.connection == nil else { return }
        let address = self.addresses[self.turn]
        self.turn = (self.turn + 1) % self.addresses.count
        self.open += 1
        self.services.log.connects(to: address, port: self.port)
        GangClient.connect(
            address: address, port: self.port, tls: self.tls, on: self.services.sockets,
            events: self.services.events, files: self.services.inbox, times: self.spec.times)
        if self.turn != 0 { self.schedule(after: Self.stagger) }
    }

    /// One attempt has failed. When it was the last of all addresses they are tried again, after a pause.
    package func connectFailed() {
        self.open -= 1
        guard self.phase == .seeking, self.connection == nil, self.open == 0 || self.turn != 0 else { return }
        guard !self.isScheduled else { return }
        self.services.log.retries(after: self.pause)
        self.schedule(after: self.pause)
        self.pause = min(self.pause * 1.5, self.spec.times.reconnectInterval)
    }

    private func schedule(after seconds: Double) {
        self.isScheduled = true
        let events = self.services.events
        self.services.clock.schedule(after: seconds) { events.yield(.retryConnect) }
    }

    package func handle(_ connection: GangConnection, _ event: GangConnectionEvent<ControlMessage>) -> Outcome {
        switch event {
        case .opened:
            guard self.connection == nil, self.phase == .seeking else {
                connection.close()
                return .goOn
            }
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
            guard self.connection == nil || self.connection == connection else {
                self.open -= 1
                return .goOn
            }
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
            self.connectFailed()
            return .goOn
        case .formed: return .lost("the control node was lost: \(reason)")
        case .over: return .goOn
        }
    }

    func send(_ message: WorkerMessage) { self.connection?.send(message) }

    /// The gang has come together, and this node is or was a part of it.
    var isFormed: Bool { self.phase == .formed }

    var isConnected: Bool { self.connection != nil }

    /// Ends the connection, or the search for one.
    package func close() {
        self.phase = .over
        self.connection?.close()
        self.connection = nil
    }
}
