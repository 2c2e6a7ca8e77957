import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

/// The life of one node: its folder, the services of its cluster, its step body and what that asks for, and the end.
///
///     waiting ──roster──▶ preparing ──▶ settingUp (services) ──▶ running ──body ended──▶ draining ──▶ over
///        │                    └───────────────┴────────────────────┴──failed──┐              │log written
///        │                                                                 stopping ──▶ stopped
///        └──────────────release, in every phase──▶ releasing ──▶ leaving ──▶ released ◀──release──┘
///
/// Messages cross and processes end at any time, so an event that merely comes too late changes nothing. An event that
/// cannot happen in a phase throws, and changes nothing either.
///
/// It stands on this floor because its events and actions are made of the step protocol's requests and of the plans of
/// frameworks; like every decision value it does no I/O and reads no clock.
struct NodeStateMachine: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
        /// For the roster.
        case waiting
        /// The folders are being made.
        case preparing
        /// The services of the cluster start.
        case settingUp
        case running(Body)
        /// The body has ended well. Its end is told once its output is in the log: readers of the log then find all of it.
        case draining(NodeOutcome)
        /// The end of the body was told. Services and launches of other nodes go on until the release.
        case over
        /// The node has failed, and everything below the agent is being ended.
        case stopping
        /// The node has failed and everything is gone.
        case stopped
        /// The release has come, and everything below the agent is being ended.
        case releasing
        /// Everything is gone; the log is not written yet.
        case leaving(isReusable: Bool)
        case released(isReusable: Bool)
    }

    enum Body: Sendable, Equatable {
        /// The cluster uses this node, whose body runs on the control node alone.
        case none
        case running
        /// The step program has ended; its result is being read.
        case collecting
    }

    /// As the gang has come together: its size and this node's index are those of the roster.
    var spec: NodeSpec
    let setup: ClusterSetup
    /// The reason for which nothing can begin on this node.
    let problem: TaskFailure?
    let folder: NodeFolder
    var phase = Phase.waiting
    var roster: Roster?
    /// The environment of everything that runs on the node.
    var environment: [String: String] = [:]
    /// Messages about launches and files that came before this node was up.
    var early: [ControlMessage] = []

    var requests = RequestQueue()
    /// Programs that the body runs, by number, and how many there ever were.
    var programs: [Int: Program] = [:]
    var programCount = 0
    /// Failures that the body was told of, oldest first.
    var told: [ToldFailure] = []
    var services = NodeServices()
    /// Launches that this node's body has asked for.
    var launchCount = 0
    var launch: NodeLaunch?
    /// The round that runs here, whichever node asked for it.
    var round: NodeRound?
    /// Commands of the control node's launcher, barriers and broadcasts that requests of this node wait for.
    var remotes = WaitingRequests()
    var barriers = WaitingRequests()
    var broadcasts = WaitingRequests()
    /// The processor time of the processes that were stopped at the last look.
    var stopped: [ProcessIdentity: UInt64] = [:]
    /// The step's server has reported that no process of the step is left.
    var stepLeftNothing = false

    /// The actions of the event that is being handled.
    private var actions: [NodeAction] = []

    struct Program: Sendable, Equatable {
        let name: String
        let connection: RequestConnection
    }

    init(spec: NodeSpec, setup: ClusterSetup, problem: TaskFailure? = nil) {
        self.spec = spec
        self.setup = setup
        self.problem = problem
        self.folder = NodeFolder(spec)
    }

    /// - Throws: ``IllegalNodeEvent`` for an event that cannot happen in this phase; nothing is changed then.
    mutating func handle(_ event: NodeEvent) throws(IllegalNodeEvent) -> [NodeAction] {
        guard self.isPossible(event) else { throw IllegalNodeEvent(event: event, phase: self.phase) }
        self.actions = []
        defer { self.actions = [] }
        self.take(event)
        return self.actions
    }

    func blame(_ process: String) -> Blame { Blame(node: self.spec.index, size: self.spec.size, process: process) }

    mutating func emit(_ action: NodeAction) { self.actions.append(action) }
    mutating func emit(_ actions: [NodeAction]) { self.actions += actions }

    // MARK: Phases

    /// The body runs, or is about to.
    var isActive: Bool {
        switch self.phase {
        case .preparing, .settingUp, .running, .draining: true
        case .waiting, .over, .stopping, .stopped, .releasing, .leaving, .released: false
        }
    }

    /// Everything below the agent is being ended, or has ended.
    var isEnding: Bool {
        switch self.phase {
        case .stopping, .stopped, .releasing, .leaving, .released: true
        case .waiting, .preparing, .settingUp, .running, .draining, .over: false
        }
    }

    /// The folder and the services are there: launches can start.
    var isUp: Bool {
        switch self.phase {
        case .running, .draining, .over: true
        case .waiting, .preparing, .settingUp, .stopping, .stopped, .releasing, .leaving, .released: false
        }
    }

    /// The phase, as far as the attempt's end depends on it.
    var stage: NodeStage {
        switch self.phase {
        case .waiting: .waiting
        case .preparing, .settingUp, .running, .draining: .active
        case .over, .stopping, .stopped, .releasing, .leaving: .ending
        case .released: .released
        }
    }

    // MARK: Events

    private func isPossible(_ event: NodeEvent) -> Bool {
        switch event {
        case .control(let message, _): self.isPossible(message)
        case .answered, .tick, .failed, .request, .requestsEnded, .answer, .foundStopped, .logWritten: true
        // Actions of a phase bring these about, so that before that phase and within a later one they cannot come. While
        // everything is being ended they come too late.
        case .prepared: self.phase == .preparing || self.isEnding
        case .couldNotStart: self.isActive || self.isEnding
        case .versionTold, .servicesPlanned: self.phase == .settingUp || self.isEnding
        case .served, .exited(.step, _, _): self.phase == .running(.running) || self.isEnding
        case .collected: self.phase == .running(.collecting) || self.isEnding
        case .notStarted(.program(let id), _), .exited(.program(let id), _, _): self.programs[id] != nil
        case .notStarted(.service(let id), _), .exited(.service(let id), _, _), .serviceReady(let id):
            self.services.started.contains(id)
        case .launchChecked, .roundPlanned, .filesWritten, .roundCleared, .daemonJudged, .notStarted, .exited,
            .fileFound, .broadcastOpened, .broadcastReceived:
            self.phase != .waiting
        case .logFailed: self.phase != .waiting
        case .cleared: self.phase == .stopping || self.phase == .releasing
        }
    }

    private func isPossible(_ message: ControlMessage) -> Bool {
        switch message {
        case .welcome, .refused, .heartbeat: false
        case .release: true
        case .roster: self.phase == .waiting || self.isEnding
        case .setupStage, .setupComplete: self.phase == .settingUp || self.isEnding
        case .launchStarted: self.phase != .waiting && self.round == nil || self.isEnding
        case .launchStopped, .launchAnswered, .remoteStarted, .remoteStopped, .barrierPassed, .broadcastOffered:
            self.phase != .waiting
        }
    }

    private mutating func take(_ event: NodeEvent) {
        switch event {
        case .control(let message, let now): self.obey(message, now: now)
        case .answered(.remoteEnded(let id, let code)): self.remoteEnded(id, code)
        case .answered(.broadcastEnded(let broadcast, let failure)): self.broadcastEnded(broadcast, failure)
        case .tick: self.tick()
        case .failed(let failure): self.end(.failed(failure: failure))
        case .prepared(let environment): self.prepared(environment)
        case .couldNotStart(let code, let reason): self.couldNotStart(code, reason)
        case .served(let outcome): self.served(outcome)
        case .collected(let outcome): self.end(outcome)
        case .logWritten: self.logWritten()
        case .logFailed(let reason): self.end(.failed(failure: self.blame("step").failure(.store, reason)))
        case .exited(let process, let status, let report): self.exited(process, status, report)
        case .notStarted(let process, let reason): self.notStarted(process, reason)
        case .foundStopped(let processes): self.foundStopped(processes)
        case .versionTold(let version): self.versionTold(version)
        case .servicesPlanned(let answer): self.servicesPlanned(answer)
        case .serviceReady(let id): self.serviceReady(id)
        case .launchChecked(let launch, let answer): self.launchChecked(launch, answer)
        case .roundPlanned(let round, let answer): self.roundPlanned(round, answer)
        case .filesWritten(let round, let problem): self.filesWritten(round, problem)
        case .daemonJudged(let id, let round, let status, let lastLines):
            self.remoteOver(id, round, status, lastLines)
        case .roundCleared(let round): if self.round?.round == round { self.endRound() }
        case .request(let connection, let request): self.receive(request, from: connection)
        case .requestsEnded(let connection): self.requestsEnded(connection)
        case .answer(let connection, let answer): self.answer(connection, answer)
        case .fileFound(let connection, let path, let file): self.fileFound(connection, path, file)
        case .broadcastOpened(let offer): self.emit(.tell(.broadcastWanted(broadcast: offer.broadcast)))
        case .broadcastReceived(let offer, let problem): self.broadcastReceived(offer, problem)
        case .cleared(let isReusable): self.cleared(isReusable: isReusable)
        }
    }

    private mutating func obey(_ message: ControlMessage, now: Double) {
        switch message {
        case .welcome, .refused, .heartbeat: break
        case .roster(let packed): self.start(packed.roster, now: now)
        case .setupStage(let stage): self.beginStage(stage)
        case .setupComplete: if self.phase == .settingUp { self.startBody() }
        case .release(let failure): self.release(after: failure)
        case .launchStarted, .launchStopped, .launchAnswered, .remoteStarted, .remoteStopped, .barrierPassed,
            .broadcastOffered:
            // The body of the control node may run, and launch, while this node still copies its package.
            if self.phase == .preparing || self.phase == .settingUp { return self.early.append(message) }
            self.obeyBody(message)
        }
    }

    mutating func obeyBody(_ message: ControlMessage) {
        switch message {
        case .launchStarted(let round, let port, let processes, let request):
            self.startRound(round, port: port, processes, request)
        case .launchStopped(let round): self.stopRound(round)
        case .launchAnswered(let launch, let failure): self.answerLaunch(launch, failure)
        case .remoteStarted(let id, let round, let command): self.startRemote(id, round, command)
        case .remoteStopped(let id): self.stopRemote(id)
        case .barrierPassed(let barrier, let failure): self.barrierPassed(barrier, failure)
        case .broadcastOffered(let offer): self.take(offer)
        case .welcome, .refused, .heartbeat, .roster, .setupStage, .setupComplete, .release: break
        }
    }

    private mutating func exited(_ process: NodeProcess, _ status: ExitStatus, _ report: ProcessReport) {
        switch process {
        case .step: self.stepExited(status)
        case .program(let id): self.programExited(id, status, report.lastLines)
        case .service(let id): self.serviceExited(id, status, report.lastLines)
        case .worker(let round, let index): self.workerExited(round, index, status, report)
        case .remote(let round, let id): self.remoteExited(id, round, status, report.lastLines)
        }
    }

    private mutating func notStarted(_ process: NodeProcess, _ reason: String) {
        switch process {
        case .step: self.couldNotStart(.environment, reason)
        case .program(let id): self.programNotStarted(id, reason)
        case .service(let id): self.serviceNotStarted(id, reason)
        case .worker(let round, let index): self.workerNotStarted(round, index, reason)
        case .remote(let round, let id): self.remoteNotStarted(id, round, reason)
        }
    }
}

/// The phase of a node, as far as the end of its attempt depends on it.
enum NodeStage: Sendable, Equatable {
    /// For the roster.
    case waiting
    /// The body runs, or is about to.
    case active
    /// The end of the body was told.
    case ending
    case released
}

/// An event that cannot happen in the phase that a node is in.
struct IllegalNodeEvent: Error, Sendable, Equatable, CustomStringConvertible {
    var event: NodeEvent
    var phase: NodeStateMachine.Phase

    var description: String { "the node cannot take \(self.event) while it is \(self.phase)" }
}
