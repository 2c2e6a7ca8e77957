import CMusterPlatform
import FoundationEssentials
import Glibc
import MusterAgent
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire
import Synchronization

/// A gang of N nodes in one process: the agents' own control and links, over TLS on the loopback interface. Nothing runs
/// once all nodes have met.
struct GangSimulation: Sendable {
    struct Figures: Sendable {
        /// From the control's start until the last worker had the roster.
        var seconds: Double
        /// What one worker sent and received until then.
        var messagesPerNode: Int
        /// Their frames, without what TLS and TCP add.
        var bytesPerNode: Int
    }

    private static let address = "127.0.0.1"

    private let size: Int
    private let secret: String
    private let reactor: ProcessReactor
    private let attempt = AttemptID(flow: "Simulation", run: "1", step: "meet", task: 1, attempt: 0)

    /// - Parameter size: Nodes, at least 2.
    init(size: Int) throws {
        self.size = size
        self.reactor = try ProcessReactor()
        self.secret = Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
    }

    func run() async throws -> Figures {
        var status: (read: CInt, write: CInt) = (-1, -1)
        guard muster_pipe(&status.read, &status.write) == 0 else { throw AgentError.system("make a pipe") }
        defer {
            close(status.read)
            close(status.write)
        }
        let ports = self.ports(from: status.read)
        let (stream, events) = AsyncStream.makeStream(of: AgentEvent.self)
        let (arrivals, arrival) = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        let (followers, output) = (AgentEquipment(reactor: self.reactor), status.write)
        let start = ContinuousClock.now
        return try await withThrowingTaskGroup(of: [Data].self) { group in
            group.addTask {
                await self.lead(stream, events, output)
                return []
            }
            guard let port = await ports.first(where: { _ in true }) else {
                throw AgentError("the control does not listen")
            }
            for index in 1..<self.size { group.addTask { try await self.follow(index, port, followers, arrival) } }
            var end = start
            var count = 0
            for await instant in arrivals {
                end = max(end, instant)
                count += 1
                if count == self.size - 1 { break }
            }
            events.yield(.command(.stop(failure: TaskFailure(code: .cancelled, message: "all have met"))))
            var messages: [Data] = []
            for try await heard in group where messages.isEmpty { messages = heard }
            return Figures(
                seconds: start.duration(to: end) / .seconds(1), messagesPerNode: messages.count,
                bytesPerNode: messages.reduce(0) { $0 + $1.count })
        }
    }

    /// The port that the control's status lines tell.
    private func ports(from descriptor: CInt) -> AsyncStream<Int> {
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let lines = Mutex(LineBuffer())
        let token = self.reactor.watch(
            descriptor,
            onRead: { bytes in
                for line in (try? lines.withLock { try $0.append(bytes) }) ?? [] {
                    if case .listening(let port)? = try? LineCoding.decode(AgentStatus.self, from: line) {
                        found.yield(port)
                    }
                }
            }, onEnd: {})
        found.onTermination = { _ in token.cancel() }
        return ports
    }

    /// Node 0: its agent's loop, as far as it belongs to the gang.
    private func lead(_ stream: AsyncStream<AgentEvent>, _ events: AgentEvents, _ status: CInt) async {
        let equipment = AgentEquipment(reactor: self.reactor, status: status)
        let services = AgentServices(equipment: equipment, events: events)
        let control = GangController(spec: self.spec(0), setup: ClusterSetup(), ports: [], services: services) {
            events.yield(.node($0))
        }
        await control.begin()
        for await event in stream {
            switch event {
            case .fromWorker(let connection, let event): control.handle(connection, event)
            case .command(.stop(let failure)): control.stop(failure)
            case .node(.control(.release, _)): control.receive(.released)
            default: break
            }
            if control.report != nil { return }
        }
    }

    /// A worker: its agent's loop, as far as it belongs to the gang. Returns what was said until the roster came.
    private func follow(
        _ index: Int, _ port: Int, _ equipment: AgentEquipment,
        _ arrival: AsyncStream<ContinuousClock.Instant>.Continuation
    ) async throws -> [Data] {
        let (stream, events) = AsyncStream.makeStream(of: AgentEvent.self)
        let spec = self.spec(index)
        let link = try WorkerLink(
            spec: spec, ports: [], services: AgentServices(equipment: equipment, events: events))
        link.begin(addresses: [Self.address], port: port)
        let node = RosterNode(index: index, address: Self.address, cpus: spec.cpus, gpus: spec.gpus)
        let hello = WorkerMessage.hello(introduction: GangHello(attempt: self.attempt, size: self.size, node: node))
        var said = [try GangFraming.encode(hello)]
        for await event in stream {
            switch event {
            case .connectFailed: link.connectFailed()
            case .retryConnect: link.connect()
            case .fromControl(let connection, let event):
                if case .message(let message) = event, message.isOpening {
                    said.append(try GangFraming.encode(message))
                }
                switch link.handle(connection, event) {
                case .message(.roster(let roster)):
                    said.append(try GangFraming.encode(ControlMessage.roster(roster: roster)))
                    arrival.yield(.now)
                case .message(.release):
                    link.close()
                    return said
                case .lost(let reason): throw AgentError(reason)
                case .message, .goOn: break
                }
            default: break
            }
        }
        throw AgentError("node \(index) heard nothing more")
    }

    private func spec(_ index: Int) -> NodeSpec {
        let frame = ParallelFrame(controlAddress: Self.address, nodes: self.size, index: index, controlTaskID: "1")
        let task = TaskFile(
            attempt: self.attempt, taskID: "1", user: "", parallel: frame, socket: "", temporaryFolder: "")
        return NodeSpec(
            attempt: self.attempt, index: index, size: self.size, address: Self.address, secret: self.secret,
            rendezvousDeadline: 600, timeout: nil, grace: 0, program: [], task: task, store: "", package: "",
            scratch: "",
            environment: [:], framework: nil, cpus: 1, gpus: 0)
    }
}
