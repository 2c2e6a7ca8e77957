import Dispatch
import FoundationEssentials
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterStore
import MusterWire

/// The loop of one attempt: it hands each event to the value that decides on it. Everything that it owns is used by
/// ``run(_:)`` alone.
final class AgentLoop {
    private let spec: NodeSpec
    private let services: AgentServices
    private let node: NodeRunner
    /// Set on node 0.
    private let control: GangController?
    /// Set on every other node.
    private let link: WorkerLink?
    private var attempt: AttemptStateMachine
    /// The reason for which the attempt cannot begin.
    private let problem: TaskFailure?
    /// The ports that this node keeps free for the step's framework.
    private let reservation: PortReservation

    init(
        spec: NodeSpec, setup: ClusterSetup, problem: TaskFailure? = nil, services: AgentServices
    ) throws(AgentError) {
        self.spec = spec
        self.services = services
        self.problem = problem
        self.reservation = try PortReservation(count: setup.ports, address: spec.address)
        self.attempt = AttemptStateMachine(
            kind: spec.index == 0 ? .control : .worker, rendezvousDeadline: spec.rendezvousDeadline)
        let events = services.events
        if spec.index == 0 {
            self.link = nil
            self.node = NodeRunner(spec: spec, setup: setup, problem: problem, services: services) {
                events.yield(.toControl($0))
            }
            self.control = GangController(spec: spec, setup: setup, ports: self.reservation.ports, services: services) {
                events.yield(.node($0))
            }
        } else {
            let link = try WorkerLink(spec: spec, ports: self.reservation.ports, services: services)
            self.link = link
            self.control = nil
            self.node = NodeRunner(spec: spec, setup: setup, problem: problem, services: services) { link.send($0) }
        }
    }

    /// The loop of an attempt, once its framework has named what it needs. Without an answer the attempt fails with the
    /// reason: at once on the control node, with the roster on another one, which is asked by itself and so can fail alone.
    static func make(_ spec: NodeSpec, _ services: AgentServices) async throws(AgentError) -> AgentLoop {
        guard let framework = spec.framework else {
            return try AgentLoop(spec: spec, setup: ClusterSetup(), services: services)
        }
        var setup: ClusterSetup
        do throws(AgentError) {
            setup = try await FrameworkPlanner(spec, on: services.reactor).setup(framework, size: spec.size)
            if let seconds = spec.times.setupDeadline { setup.deadline = seconds }
        } catch {
            let problem = TaskFailure(
                code: .refused, message: error.message, node: spec.size > 1 ? spec.index : nil)
            return try AgentLoop(spec: spec, setup: ClusterSetup(), problem: problem, services: services)
        }
        return try AgentLoop(spec: spec, setup: setup, services: services)
    }

    /// The engine has gone before the end of the attempt.
    var isAbandoned: Bool { if case .over(_, .gone) = self.attempt.phase { true } else { false } }

    /// The folder for the next attempt, when the agent may run one.
    var reusableFolder: NodeFolder? {
        guard self.attempt.phase == .over(.done, .present), self.node.machine.phase == .released(isReusable: true)
        else {
            return nil
        }
        return self.node.folder
    }

    func run(_ events: AsyncStream<AgentEvent>) async -> Agent.Exit {
        await self.begin()
        for await event in events {
            self.handle(event)
            self.settle()
            if case .over(let exit, _) = self.attempt.phase { return exit }
        }
        return .lost
    }

    private func begin() async {
        self.services.log.began(self.spec)
        if self.problem == nil { self.node.begin() }
        if let control = self.control {
            await control.begin()
            if let problem = self.problem { control.stop(problem) }
        } else {
            // The control node names the nodes that are missing; a worker gives up by itself only when it hears nothing.
            // Until then the control node has told why the rendezvous failed.
            self.schedule(.rendezvousDeadline, after: self.spec.rendezvousDeadline + self.spec.times.leaveTimeout)
        }
        self.schedule(.tick, after: 1)
    }

    private func schedule(_ event: AgentEvent, after seconds: Double) {
        let events = self.services.events
        self.services.clock.schedule(after: seconds) { events.yield(event) }
    }

    // MARK: Events

    private func handle(_ event: AgentEvent) {
        let stage = self.node.machine.stage
        switch event {
        case .command(.control(let address, let port, let others)):
            self.link?.begin(addresses: [address] + (others ?? []), port: port)
        case .command(.stop(let failure)): self.decide(.stop(failure, node: stage))
        case .inputEnded(let reason): self.decide(.engineGone(reason: reason, node: stage))
        case .signal(let signal):
            self.decide(.stop(self.spec.failure(of: signal, now: self.services.clock.now), node: stage))
        case .tick:
            self.schedule(.tick, after: 1)
            self.toNode { () throws(IllegalNodeEvent) in try self.node.handle(.tick) }
        case .rendezvousDeadline: self.decide(.rendezvousDeadline(node: stage))
        case .setupDeadline: self.control?.handle(.setupDeadline)
        case .timeout: self.control?.handle(.timeout)
        case .graceOver(let round): self.control?.handle(.graceOver(round))
        case .node(let event): self.toNode { () throws(IllegalNodeEvent) in try self.node.handle(event) }
        case .processExited(let process, let status):
            self.toNode { () throws(IllegalNodeEvent) in try self.node.processExited(process, status) }
        case .folderMade(let roster, let problem):
            self.toNode { () throws(IllegalNodeEvent) in try self.node.folderMade(roster, problem) }
        case .launchChecked(let launch, let framework, let answer):
            self.toNode { () throws(IllegalNodeEvent) in try self.node.launchChecked(launch, framework, answer) }
        case .foundStopped(let processes):
            self.toNode { () throws(IllegalNodeEvent) in try self.node.foundStopped(processes) }
        case .toControl(let message): self.control?.receive(message)
        case .toOwnControl(let request): self.control?.handle(.request(request))
        case .broadcastFailed(let broadcast, let error): self.control?.handle(.broadcastFailed(broadcast, error))
        case .fromWorker(let connection, let event): self.control?.handle(connection, event)
        case .fromControl(let connection, let event): self.follow(connection, event)
        case .connectFailed: self.link?.connectFailed()
        case .retryConnect: self.link?.connect()
        case .leave: self.decide(.partingDeadline)
        case .reportWritten(let report, let problem): self.decide(.reportWritten(report, problem: problem))
        }
    }

    private func follow(_ connection: GangConnection, _ event: GangConnectionEvent<ControlMessage>) {
        switch self.link?.handle(connection, event) {
        case .goOn, nil: break
        case .message(let message):
            let event = NodeEvent.control(message, now: self.services.clock.now)
            self.toNode { () throws(IllegalNodeEvent) in try self.node.handle(event) }
        case .lost(let reason):
            if self.spec.place != nil, self.link?.isFormed == true {
                self.services.status.send(.controlLost(reason: reason))
            }
            self.decide(.controlLost(reason: reason, node: self.node.machine.stage))
        }
    }

    /// A message of the control node that the node's machine refuses breaks the gang protocol.
    private func toNode(_ body: () throws(IllegalNodeEvent) -> Void) {
        do {
            try body()
        } catch {
            guard case .control = error.event else { return AgentErrors.print("\(error)") }
            if let control = self.control { return control.handle(.broke(node: 0, rule: "\(error)")) }
            self.decide(
                .controlLost(
                    reason: "the control node broke the gang protocol: \(error)", node: self.node.machine.stage))
        }
    }

    // MARK: The attempt

    /// Tells the attempt of the gang's end or of this node's.
    private func settle() {
        if let report = self.control?.report { self.decide(.gangOver(report)) }
        if let link = self.link, self.node.machine.stage == .released {
            self.decide(.nodeReleased(isConnected: link.isConnected))
        }
    }

    private func decide(_ event: AttemptStateMachine.Event) {
        self.services.log.hears(event)
        do {
            for action in try self.attempt.handle(event) { self.perform(action) }
        } catch {
            AgentErrors.print("\(error)")
        }
    }

    private func perform(_ action: AttemptStateMachine.Action) {
        switch action {
        case .stopGang(let failure): self.control?.stop(failure)
        case .passDeadline: self.control?.handle(.rendezvousDeadline)
        case .failNode(let failure):
            self.toNode { () throws(IllegalNodeEvent) in try self.node.handle(.failed(failure)) }
        case .releaseNode(let failure):
            self.link?.close()
            let release = NodeEvent.control(.release(failure: failure), now: self.services.clock.now)
            self.toNode { () throws(IllegalNodeEvent) in try self.node.handle(release) }
        case .awaitClose: self.schedule(.leave, after: self.spec.times.leaveTimeout)
        case .write(let report): self.write(report)
        case .send(let report):
            let path = StoreLayout(root: self.spec.store).reportFile(self.spec.attempt)
            let status: AgentStatus = ReportFile.isLong(path) ? .reported(path: path) : .finished(report: report)
            self.services.status.send(status)
        case .print(let line): AgentErrors.print(line)
        }
    }

    private func write(_ report: GangReport) {
        let path = StoreLayout(root: self.spec.store).reportFile(self.spec.attempt)
        // A gang of one keeps no other node waiting: writing on this thread saves 5 ms of 181, Benchmarks: foreach.
        if self.spec.size == 1 {
            return self.decide(.reportWritten(report, problem: ReportFile.write(report, to: path)))
        }
        let events = self.services.events
        self.services.files.async { events.yield(.reportWritten(report, problem: ReportFile.write(report, to: path))) }
    }
}
