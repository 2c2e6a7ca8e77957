import Dispatch
import FoundationEssentials
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterStore
import MusterWire

/// The loop of one agent. Everything it owns is touched by ``run(_:)`` alone.
final class AgentLoop {
    private let spec: NodeSpec
    private let services: AgentServices
    private let node: NodeRunner
    /// On node 0.
    private let control: GangController?
    /// On every other node.
    private let link: WorkerLink?
    private var exit: Agent.Exit?
    /// The engine has gone, so that what it did not hear of must not look as if it had happened.
    private(set) var isAbandoned = false
    private var isReporting = false
    private var isLost = false
    /// Why the attempt cannot even begin.
    private var problem: TaskFailure?
    private var isLeaving = false
    private static let patience = 2.0

    /// The ports that this node keeps free for the step's framework.
    private let reservation: PortReservation

    init(spec: NodeSpec, setup: ClusterSetup, services: AgentServices) throws(AgentError) {
        self.spec = spec
        self.services = services
        self.reservation = try PortReservation(count: setup.ports, address: spec.address)
        let events = services.events
        if spec.index == 0 {
            self.link = nil
            self.node = NodeRunner(spec: spec, setup: setup, services: services) {
                events.yield(.toControl(node: 0, $0))
            }
            self.control = GangController(spec: spec, setup: setup, ports: self.reservation.ports, services: services) {
                events.yield(.toNode($0))
            }
        } else {
            let link = try WorkerLink(spec: spec, ports: self.reservation.ports, services: services)
            self.link = link
            self.control = nil
            self.node = NodeRunner(spec: spec, setup: setup, services: services) { link.send($0) }
        }
    }

    /// The loop of an attempt, once its framework has said what it needs. When that cannot be known, the control node's
    /// loop has the attempt fail with the reason.
    static func make(_ spec: NodeSpec, _ services: AgentServices) async throws(AgentError) -> AgentLoop {
        guard let framework = spec.framework else {
            return try AgentLoop(spec: spec, setup: ClusterSetup(), services: services)
        }
        let planner = FrameworkPlanner(spec, on: services.reactor)
        do throws(AgentError) {
            let setup = try await planner.setup(framework, size: spec.size)
            return try AgentLoop(spec: spec, setup: setup, services: services)
        } catch {
            let loop = try AgentLoop(spec: spec, setup: ClusterSetup(), services: services)
            loop.problem = TaskFailure(code: .refused, message: error.message, node: spec.size > 1 ? spec.index : nil)
            return loop
        }
    }

    /// The folder for the next attempt, once the agent may stay after this one.
    var kept: NodeFolder? {
        guard self.exit == .done, self.control?.report?.failure == nil, !self.isAbandoned, self.node.hasKept else {
            return nil
        }
        return self.node.folder
    }

    func run(_ events: AsyncStream<AgentEvent>) async -> Agent.Exit {
        if let control = self.control { await control.begin() } else { self.awaitControl() }
        self.beat()
        if let problem = self.problem { self.control?.stop(problem) }
        for await event in events {
            self.handle(event)
            self.settle()
            if let exit = self.exit { return exit }
        }
        return .lost
    }

    /// The control node names who is missing; a worker gives up by itself only when it is not told to.
    private func awaitControl() {
        let events = self.services.events
        self.services.reactor.schedule(after: self.spec.rendezvousDeadline + Self.patience) {
            events.yield(.rendezvousDeadline)
        }
    }

    private func beat() {
        let events = self.services.events
        self.services.reactor.schedule(after: 1) { events.yield(.tick) }
    }

    private func handle(_ event: AgentEvent) {
        switch event {
        case .command(.control(let address, let port)): self.link?.begin(address: address, port: port)
        case .command(.stop(let failure)): self.stop(failure)
        case .inputEnded(let reason): self.abandon(reason)
        case .signal(let signal): self.signaled(signal)
        case .tick: self.tick()
        case .rendezvousDeadline: self.rendezvousDeadline()
        case .setupDeadline: self.control?.setupDeadline()
        case .timeout: self.control?.timedOut()
        case .doubtOver(let round): self.control?.doubtOver(round)
        case .toNode(let message): self.node.handle(message)
        case .toControl(let node, let message): self.control?.receive(message, from: node)
        case .connection(let connection, let event): self.connection(connection, event)
        case .connectFailed: self.link?.retry()
        case .retryConnect: self.link?.connect()
        case .folderMade(let problem): self.node.folderMade(problem)
        case .stepExited(let status): self.node.stepExited(status)
        case .stepServed(let outcome): self.node.stepServed(outcome)
        case .stepCollected(let outcome): self.node.end(outcome)
        case .versionTold(let version): self.node.planServices(version: version)
        case .clusterPlanned(let answer): self.node.clusterPlanned(answer)
        case .serviceReady(let id): self.node.serviceReady(id)
        case .serviceExited(let id, let status): self.node.serviceExited(id, status)
        case .launchChecked(let launch, let answer): self.node.launchChecked(launch, answer)
        case .roundPlanned(let round, let answer): self.node.roundPlanned(round, answer)
        case .remoteExited(let id, let round, let status): self.node.remoteExited(id, round, status)
        case .remoteOver(let id, let round, let status): self.node.remoteOver(id, round, status)
        case .broadcastReceived(let offer, let problem): self.node.broadcastReceived(offer, problem)
        case .broadcastFailed(let broadcast, let error): self.control?.broadcastFailed(broadcast, error)
        case .foundStopped(let processes): self.node.foundStopped(processes)
        case .workerExited(let round, let worker, let status): self.node.workerExited(round, worker, status)
        case .roundCleared(let round): self.node.roundCleared(round)
        case .processExited(let id, let status): self.node.processExited(id, status)
        case .logFailed(let reason): self.node.logFailed(reason)
        case .logWritten: self.node.logWritten()
        case .request(let connection, let request): self.node.receive(request, from: connection)
        case .requestsEnded(let connection): self.node.requestsEnded(connection)
        case .answer(let connection, let answer): self.node.answer(connection, answer)
        case .cleared(let left, let keeps): self.node.cleared(left: left, keeps: keeps)
        case .leave: self.exit = .done
        case .reportWritten(let report, let problem): self.reportWritten(report, problem)
        }
    }

    // MARK: Reasons to end

    private func stop(_ failure: TaskFailure) {
        if let control = self.control { return control.stop(failure) }
        self.leaveGang(failure)
    }

    private func signaled(_ signal: CInt) {
        let failure = TaskFailure(
            code: .cancelled,
            message: "the agent of node \(self.spec.index) was told to end by \(SignalName.describe(signal))",
            node: self.spec.index)
        self.stop(failure)
    }

    /// Without the engine nobody would ever end this node.
    private func abandon(_ reason: String) {
        self.isAbandoned = true
        self.stop(TaskFailure(code: .cancelled, message: reason))
    }

    /// A worker ends by itself: the control node hears why if there is something to blame, and decides for the gang.
    private func leaveGang(_ failure: TaskFailure) {
        if self.node.phase == .running, !self.node.isClearing { return self.node.end(.failed(failure: failure)) }
        if self.node.phase != .released { self.lose(failure.message) }
    }

    private func rendezvousDeadline() {
        if let control = self.control { return control.rendezvousDeadline() }
        guard self.node.phase == .waiting else { return }
        self.lose("the rendezvous was not complete within \(self.spec.rendezvousDeadline) s")
    }

    /// A worker that has no control node any more takes itself down.
    private func lose(_ reason: String) {
        self.link?.close()
        guard self.node.phase != .released else { return }
        AgentErrors.print(reason)
        self.isLost = true
        self.node.handle(.release(failure: TaskFailure(code: .lost, message: reason)))
    }

    private func connection(_ connection: GangConnection, _ event: GangConnectionEvent) {
        if let control = self.control { return control.handle(connection, event) }
        if let link = self.link { self.follow(link.handle(connection, event)) }
    }

    private func tick() {
        self.beat()
        self.node.tick()
    }

    private func follow(_ outcome: WorkerLink.Outcome) {
        switch outcome {
        case .goOn: break
        case .message(let message): self.node.handle(message)
        case .lost(let reason): self.lose(reason)
        }
    }

    // MARK: The end

    /// Leaves when nothing is left to do.
    private func settle() {
        if let report = self.control?.report { return self.write(report) }
        guard let link = self.link, self.node.phase == .released else { return }
        guard link.isConnected else {
            self.exit = self.isLost ? .lost : .done
            return
        }
        // The control node closes the connection when it has read the last message.
        guard !self.isLeaving else { return }
        self.isLeaving = true
        let events = self.services.events
        self.services.reactor.schedule(after: Self.patience) { events.yield(.leave) }
    }

    private func write(_ report: GangReport) {
        guard !self.isReporting else { return }
        self.isReporting = true
        // An attempt that ended because the engine went is no failure of the attempt: it has no report.
        guard !self.isAbandoned || report.failure?.code != .cancelled else {
            self.exit = .done
            return
        }
        let path = StoreLayout(root: self.spec.store).reportFile(self.spec.attempt)
        // A gang of one has nobody that could be kept waiting, and is over sooner without another thread.
        if self.spec.size == 1 { return self.reportWritten(report, ReportFile.write(report, to: path)) }
        let events = self.services.events
        self.services.files.async { events.yield(.reportWritten(report, problem: ReportFile.write(report, to: path))) }
    }

    private func reportWritten(_ report: GangReport, _ problem: String?) {
        if let problem { AgentErrors.print(problem) }
        // An agent that stays says right away that it is ready, and one that leaves lets everything out first.
        let path = StoreLayout(root: self.spec.store).reportFile(self.spec.attempt)
        let status: AgentStatus = ReportFile.isLong(path) ? .reported(path: path) : .finished(report: report)
        self.services.status.send(status, isUrgent: !self.spec.stays)
        self.exit = problem == nil ? .done : .lost
    }
}
