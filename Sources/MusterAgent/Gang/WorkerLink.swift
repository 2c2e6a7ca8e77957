import MusterModel
import MusterProcess
import MusterWire

/// A worker's connection to the control node: made again and again until the deadline, then kept until the end.
/// Used by the agent's one loop only.
final class WorkerLink {
    enum Outcome {
        case goOn
        case message(GangMessage)
        case lost(String)
    }

    private let spec: NodeSpec
    private let ports: [Int]
    private let services: AgentServices
    private let tls: GangTLS
    private var control: (address: String, port: Int)?
    private var connection: GangConnection?
    private var isWelcome = false
    private var pause = 0.01
    private var silence = Silence(now: .now)
    private static let longestPause = 0.5

    init(spec: NodeSpec, ports: [Int], services: AgentServices) throws(AgentError) {
        self.spec = spec
        self.ports = ports
        self.services = services
        self.tls = try GangTLS(secret: spec.secret, attempt: spec.attempt)
    }

    /// The engine says where the control node listens.
    func begin(address: String, port: Int) {
        guard self.control == nil else { return }
        self.control = (address, port)
        self.connect()
    }

    func connect() {
        guard let control = self.control, !self.isWelcome else { return }
        GangClient.connect(
            address: control.address, port: control.port, tls: self.tls, on: self.services.sockets,
            events: self.services.events, files: self.services.inbox)
    }

    func retry() {
        let events = self.services.events
        self.services.reactor.schedule(after: self.pause) { events.yield(.retryConnect) }
        self.pause = min(self.pause * 1.5, Self.longestPause)
    }

    func handle(_ connection: GangConnection, _ event: GangConnectionEvent) -> Outcome {
        switch event {
        case .opened:
            self.connection = connection
            let node = RosterNode(self.spec, ports: self.ports)
            connection.send(
                .hello(introduction: GangHello(attempt: self.spec.attempt, size: self.spec.size, node: node)))
        case .message(.welcome(let version)):
            guard version == GangMessage.version else {
                return .lost(
                    "the control node speaks version \(version) of the gang protocol; use agents of one release")
            }
            self.isWelcome = true
            self.silence.heard(0, now: .now)
        case .message(.refused(let reason)):
            return .lost("the control node refused this node: \(reason)")
        case .message(let message):
            self.silence.heard(0, now: .now)
            if case .heartbeat = message { return .goOn }
            return .message(message)
        case .closed(let reason):
            guard self.connection == nil || self.connection == connection else { return .goOn }
            self.connection = nil
            guard self.isWelcome else {
                self.retry()
                return .goOn
            }
            return .lost("the control node was lost: \(reason)")
        }
        return .goOn
    }

    func send(_ message: GangMessage) { self.connection?.send(message) }

    func tick() -> Outcome {
        guard self.isWelcome, let connection = self.connection else { return .goOn }
        connection.send(.heartbeat)
        guard self.silence.tick(now: .now).isEmpty else {
            return .lost("the control node has not been heard of for \(Int(Silence.limit)) s")
        }
        return .goOn
    }

    var isConnected: Bool { self.connection != nil }

    /// Ends the connection, or the search for one.
    func close() {
        self.isWelcome = true
        self.connection?.close()
        self.connection = nil
    }
}
