import Dispatch
import FoundationEssentials
import Glibc
import MusterModel
import MusterProcess
import MusterSystem
import MusterWire
import Synchronization

/// Takes the engine's part beside an agent elsewhere: what an engine writes to the agent's standard input comes from
/// objects of the store, and what the agent tells it becomes objects.
///
///     store ──stop, control──▶ link ──AgentCommand──▶ agent
///     store ◀──control, alive, statuses── link ◀──AgentStatus── agent
///
/// Reading and writing happen on a queue of their own: a store that stalls must not delay a heartbeat. The agent's
/// input has no end while the node lives, since nothing of the gang depends on the engine.
final class StoreLink: Sendable {
    /// Seconds between two looks for `stop`.
    private static let look = 1.0
    /// Seconds between two looks of a worker for `control`, while the gang forms.
    private static let search = 0.1
    /// The same in the first seconds, in which most gangs form: saves a twentieth of a second (Benchmarks: slurm-gang).
    private static let briskSearch = 0.02
    private static let briskSearches = 100
    /// Signs of life are this many looks apart.
    private static let signs = 5

    private struct State {
        var lines = LineBuffer()
        var joined: Set<Int> = []
        var phase = LifeSign.Phase.forming
        var count = 0
        var looks = 0
        var isStopSent = false
        var isControlSent = false
        var outcome: Outcome?
        var lostControl: String?
        var isOver = false
    }

    /// How the attempt ended, as the control node's report says.
    enum Outcome: Sendable, Equatable {
        case succeeded, failed, stopped
    }

    private let folder: AttemptFolder
    private let place: NodePlace
    private let reactor: ProcessReactor
    private let onWrite: @Sendable () -> Void
    private let queue = DispatchQueue(label: "muster.store")
    private let state = Mutex(State())
    /// The ends of the pipes that the agent reads its input from and writes its statuses to.
    let agentInput: CInt
    let agentOutput: CInt
    private let toAgent: CInt
    private let fromAgent: CInt
    private let ended = DispatchGroup()

    private var isControlNode: Bool { self.place.scheduler.index == 0 }

    /// - Parameter onWrite: Called after an object was written.
    init(
        folder: AttemptFolder, place: NodePlace, reactor: ProcessReactor, onWrite: @escaping @Sendable () -> Void = {}
    ) throws(AgentError) {
        self.folder = folder
        self.place = place
        self.reactor = reactor
        self.onWrite = onWrite
        (self.agentInput, self.toAgent) = try Self.pipe()
        (self.fromAgent, self.agentOutput) = try Self.pipe()
    }

    private static func pipe() throws(AgentError) -> (read: CInt, write: CInt) {
        var ends: [CInt] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw AgentError.system("make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Gives the agent its specification and follows the store from then on.
    func begin(_ spec: NodeSpec) throws {
        self.ended.enter()
        self.reactor.watch(
            self.fromAgent,
            onRead: { bytes in
                do {
                    let lines = try self.state.withLock { try $0.lines.append(bytes) }
                    self.queue.async { for line in lines { self.hear(line) } }
                } catch {
                    AgentErrors.print("a status of this node is lost: \(error)")
                }
            },
            onEnd: {
                // After the lines before it.
                self.queue.async { self.ended.leave() }
            })
        let line = try LineCoding.encode(spec)
        self.queue.async {
            self.tell(line)
            self.isControlNode ? self.lookForStop() : self.lookForControl()
        }
    }

    /// The agent has ended: returns how the attempt ended once everything it told is in the store; nil when it told nothing.
    func end() async -> Outcome? {
        close(self.agentOutput)
        await withCheckedContinuation { continuation in
            self.ended.notify(queue: self.queue) {
                self.state.withLock { $0.isOver = true }
                if self.isControlNode { self.giveSign() }
                continuation.resume()
            }
        }
        return self.state.withLock { $0.outcome }
    }

    /// Why the control node was lost, for a worker of a gang that had formed.
    var lostControl: String? { self.state.withLock { $0.lostControl } }

    // MARK: - To the agent

    private func tell(_ line: Data) {
        do {
            try line.withUnsafeBytes { try OpenFile.write($0, to: self.toAgent, called: "the agent's input") }
        } catch {
            AgentErrors.print("\(error)")
        }
    }

    private func tell(_ command: AgentCommand) {
        do {
            self.tell(try LineCoding.encode(command))
        } catch {
            AgentErrors.print("a command for the agent cannot be encoded: \(error)")
        }
    }

    /// Every second, until the attempt is over: whether it is to stop; every few seconds a sign of life.
    private func lookForStop() {
        let (isOver, isStopSent, looks) = self.state.withLock { state in
            state.looks += 1
            return (state.isOver, state.isStopSent, state.looks)
        }
        guard !isOver else { return }
        if looks % Self.signs == 1 { self.giveSign() }
        if !isStopSent, let failure = self.read(TaskFailure.self, .stop) {
            self.state.withLock { $0.isStopSent = true }
            self.tell(.stop(failure: failure))
        }
        self.queue.asyncAfter(deadline: .now() + Self.look) { self.lookForStop() }
    }

    /// A worker looks until node 0 of its own start of the job listens; who that is was settled by the claim.
    private func lookForControl() {
        guard !self.state.withLock({ $0.isOver || $0.isControlSent }) else { return }
        if let control = self.read(ControlPoint.self, .control),
            control.incarnation == self.place.scheduler.incarnation
        {
            self.state.withLock { $0.isControlSent = true }
            let others = control.addresses.dropFirst()
            return self.tell(
                .control(
                    address: control.addresses.first ?? "", port: control.port,
                    others: others.isEmpty ? nil : Array(others)))
        }
        let searches = self.state.withLock { state in
            state.looks += 1
            return state.looks
        }
        let pause = searches < Self.briskSearches ? Self.briskSearch : Self.search
        self.queue.asyncAfter(deadline: .now() + pause) { self.lookForControl() }
    }

    private func read<Value: Decodable>(_ type: Value.Type, _ object: AttemptObject) -> Value? {
        // The callers poll: an object that cannot be read now is read again at the next look.
        try? self.folder.value(type, of: object)
    }

    // MARK: - From the agent

    private func hear(_ line: Data) {
        let status: AgentStatus
        do {
            status = try LineCoding.decode(AgentStatus.self, from: line)
        } catch {
            return AgentErrors.print("a status of this node cannot be understood: \(error)")
        }
        self.state.withLock { Self.note(status, in: &$0) }
        switch status {
        case .listening(let port):
            let point = ControlPoint(
                incarnation: self.place.scheduler.incarnation, addresses: self.place.addresses, port: port)
            self.attempt("say where it listens") { try self.folder.write(point, as: .control) }
        // The log is a file that grows, and the report an object of its own.
        case .log, .finished, .reported, .controlLost, .ready: break
        case .joined, .formed, .started, .ended:
            // A worker tells what node 0 tells of it.
            guard self.isControlNode else { return }
            self.attempt("tell how the gang is") {
                try self.folder.append(LineCoding.encode(status), to: .statuses)
            }
        }
    }

    private static func note(_ status: AgentStatus, in state: inout State) {
        switch status {
        case .joined(let node): state.joined.insert(node)
        case .formed(let nodes): state.joined = Set(nodes)
        case .started: if state.phase == .forming { state.phase = .running }
        case .ended: state.phase = .ending
        case .finished(let report): state.outcome = Self.outcome(report)
        case .reported(let path):
            // A report that cannot be read is no success: the job has to end as failed.
            let data = try? Data(contentsOf: URL(filePath: path))
            let report = data.flatMap { try? LineCoding.decode(GangReport.self, from: $0) }
            state.outcome = report.map(Self.outcome) ?? .failed
        case .controlLost(let reason): state.lostControl = reason
        case .listening, .log, .ready: break
        }
    }

    private static func outcome(_ report: GangReport) -> Outcome {
        guard let failure = report.failure else { return .succeeded }
        return failure.code == .cancelled ? .stopped : .failed
    }

    private func giveSign() {
        let sign = self.state.withLock { state in
            state.count += 1
            return LifeSign(
                count: state.count, phase: state.phase, joined: state.joined.count, hosts: self.place.scheduler.hosts)
        }
        self.attempt("give a sign of life") { try self.folder.write(sign, as: .alive) }
    }

    private func attempt(_ purpose: String, _ body: () throws -> Void) {
        do {
            try body()
            self.onWrite()
        } catch {
            AgentErrors.print("the agent cannot \(purpose) in the store: \(error)")
        }
    }
}
