import Dispatch
import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem
import MusterWire

/// One node: its folder, its cluster's services, its step program, what that asks for, and their end.
///
/// It is told what to do by the gang's control (``handle(_:)``), which may live in this agent or in another, and
/// answers with `toControl`. Used by the agent's one loop only.
///
///     waiting ──roster──▶ running (services, then the step) ──step exited──▶ over ──release──▶ released
///        └──────────────────┴─────────release──────────────────────────▲
final class NodeRunner {
    enum Phase { case waiting, running, over, released }

    /// As the gang has come together: its size, and this node's index in it.
    private(set) var spec: NodeSpec
    let services: AgentServices
    let folder: NodeFolder
    let store: ArtifactStore
    let setup: ClusterSetup
    let planner: FrameworkPlanner
    let toControl: (GangMessage) -> Void

    var phase = Phase.waiting
    var roster: Roster?
    var environment: [String: String] = [:]
    var log: NodeLog?
    var requests = RequestQueue()
    /// Programs that the step asked to run, by number.
    var processes: [Int: (connection: SocketConnection, tail: OutputTail, process: SpawnedProcess, name: String)] = [:]
    var processCount = 0
    /// The failures of those programs that the step was told of: what its body throws then has one of them for its cause.
    var causes: [TaskFailure] = []
    var cluster = NodeCluster()
    /// Launches that this node's body has asked for.
    var launchCount = 0
    /// The launch that the body waits for.
    var launch: NodeLaunch?
    /// The round that runs here, whoever asked for it.
    var round: NodeRound?
    /// Commands that a launcher on this node has had run on nodes and waits for.
    var remotes = WaitingRequests()
    var barriers = WaitingRequests()
    var broadcasts = WaitingRequests()

    /// Processes that were found stopped at the last look, and what they had used of processors.
    var stopped: [ProcessIdentity: UInt64] = [:]

    private var step: SpawnedProcess?
    private let tail = OutputTail()
    /// The step's server has told that no process of the step is left.
    private var leavesNothing = false
    /// Everything below this agent is being ended, or is.
    private(set) var isClearing = false
    /// How the body has ended, while what it wrote is not all in the log.
    private var unwritten: NodeOutcome?
    let heldFiles = HeldFiles()
    /// Where torch's compilers put what they make; in use as long as this node may start any.
    var extensions: ExtensionFolder?
    private var isCleared = false
    private var isReleased = false
    /// Whether the folder is to be left as the next attempt needs it, and whether it was.
    private var keeps = false
    private(set) var hasKept = false

    init(
        spec: NodeSpec, setup: ClusterSetup, services: AgentServices, toControl: @escaping (GangMessage) -> Void
    ) {
        self.spec = spec
        self.setup = setup
        self.services = services
        self.planner = FrameworkPlanner(spec, on: services.reactor)
        self.folder = NodeFolder(spec)
        self.store = ArtifactStore(StoreLayout(root: spec.store), taken: services.equipment.taken)
        self.toControl = toControl
    }

    func blame(_ process: String) -> Blame { Blame(node: self.spec.index, size: self.spec.size, process: process) }

    /// What the gang's control says to this node.
    func handle(_ message: GangMessage) {
        switch message {
        case .roster(let packed): self.start(packed.roster)
        case .setupStage(let stage): self.beginStage(stage)
        case .setupComplete: self.startBody()
        case .launchStarted(let round, let port, let processes, let request):
            self.startRound(round, port: port, processes, request)
        case .launchStopped(let round): self.stopRound(round)
        case .launchAnswered(let launch, let failure): self.answerLaunch(launch, failure)
        case .remoteStarted(let id, let round, let command): self.startRemote(id, round, command)
        case .remoteStopped(let id): self.stopRemote(id)
        case .remoteEnded(let id, let code): self.remoteEnded(id, code)
        case .barrierPassed(let barrier, let failure): self.barrierPassed(barrier, failure)
        case .broadcastOffered(let offer): self.take(offer)
        case .broadcastEnded(let broadcast, let failure): self.broadcastEnded(broadcast, failure)
        case .release(let failure): self.release(after: failure)
        default: break
        }
    }

    // MARK: The step

    private func start(_ roster: Roster) {
        guard self.phase == .waiting, !self.isClearing else { return }
        self.spec.size = roster.count
        self.spec.index = roster.nodes.firstIndex { $0.index == self.spec.index } ?? self.spec.index
        self.phase = .running
        self.roster = roster
        if self.spec.timeoutPatience != nil {
            self.spec.task.deadline = self.spec.timeout.map { Date().timeIntervalSince1970 + $0 }
        }
        self.environment = StepEnvironment.make(self.spec, roster: roster, folder: self.folder)
        let (folder, package, events) = (self.folder, self.spec.package, self.services.events)
        if self.services.kept == folder { return self.folderMade(nil) }
        if folder.inPlace != nil { return self.folderMade(folder.problem(making: package)) }
        // A copy takes as long as the package is large, and this thread says that the node lives.
        self.services.files.async { events.yield(.folderMade(folder.problem(making: package))) }
    }

    /// The node's folders are there, or cannot be made.
    func folderMade(_ problem: AgentError?) {
        guard self.phase == .running, !self.isClearing, let roster = self.roster else { return }
        if let problem { return self.cannotStart(problem) }
        do {
            try self.services.requests.listen(at: self.folder.socket, for: self.services.events)
            self.log = self.makeLog()
            self.useExtensions()
        } catch {
            return self.cannotStart(error)
        }
        if self.spec.framework == nil { self.startBody() } else { self.planCluster() }
    }

    /// Everything that the body needs is up.
    func startBody() {
        guard self.phase == .running, !self.isClearing, let roster = self.roster else { return }
        do {
            try self.writeTask(roster)
            if self.hasBody { try self.startStep() } else { self.tellStart() }
            // The socket listens already; answering can wait until the program runs.
            self.services.requests.serve(on: self.services.sockets)
        } catch {
            self.cannotStart(error)
        }
    }

    private var hasBody: Bool { self.setup.bodies == .everyNode || self.spec.index == 0 }

    func cannotStart(_ error: any Error) {
        let code: TaskFailure.Code = error is StoreError ? .store : .environment
        self.end(.failed(failure: self.blame("step").failure(code, "the step could not be started: \(error)")))
    }

    private func writeTask(_ roster: Roster) throws {
        let task = StepEnvironment.task(self.spec, roster: roster, folder: self.folder)
        let path = "\(self.folder.task)/\(TaskFile.name)"
        try FileContents.overwrite(path, with: LineCoding.encode(task))
    }

    private func makeLog() -> NodeLog {
        let events = self.services.events
        return NodeLog(
            path: self.store.layout.logFile(self.spec.attempt, node: self.spec.index), node: self.spec.index,
            status: self.services.status, reactor: self.services.reactor,
            onFailure: { events.yield(.logFailed($0)) })
    }

    private func startStep() throws {
        guard self.spec.stays, self.spec.serves, try self.serveStep() else {
            self.step = try self.spawnStep()
            return self.tellStart()
        }
    }

    private func tellStart() { self.services.status.send(.started(node: self.spec.index), isUrgent: false) }

    /// Has the step run by a flow program that stays. Returns false when that is not possible.
    private func serveStep() throws -> Bool {
        let binding = StepServer.Binding(
            program: self.spec.program, environment: self.spec.environment, python: self.spec.task.python,
            inPlace: self.spec.inPlace)
        let server = try self.services.equipment.stepServer(
            binding, environment: self.environment, folder: self.folder.work)
        let request = ServeRequest(
            step: self.spec.attempt.step, folder: self.folder.task, workFolder: self.folder.work,
            environment: self.environment)
        let (events, tail, log) = (self.services.events, self.tail, self.log)
        let (status, index) = (self.services.status, self.spec.index)
        return server.run(request) {
            status.send(.started(node: index), isUrgent: false)
        } onOutput: { stream, bytes in
            tail.append(stream, bytes)
            log?.append(process: 0, stream, bytes)
        } onOutcome: { outcome in
            events.yield(.stepServed(outcome))
        }
    }

    func stepServed(_ outcome: StepServer.Outcome) {
        switch outcome {
        case .ended(let status, let leavesNothing):
            self.leavesNothing = leavesNothing
            self.stepExited(status)
        case .refused:
            do {
                self.step = try self.spawnStep()
            } catch {
                self.end(
                    .failed(
                        failure: self.blame("step").failure(.environment, "the step could not be started: \(error)")))
            }
        }
    }

    private func spawnStep() throws -> SpawnedProcess {
        guard let program = self.spec.program.first else { throw AgentError("no flow program was named") }
        let arguments =
            Array(self.spec.program.dropFirst()) + ["step", self.spec.attempt.step, "--folder", self.folder.task]
        let events = self.services.events
        return try self.spawn([program] + arguments, self.environment, process: 0, self.tail) { status in
            events.yield(.stepExited(status))
        }
    }

    /// Starts a program of this node: in its work folder, its output in the log under the number `process`.
    func spawn(
        _ arguments: [String], _ environment: [String: String], process: Int, _ tail: OutputTail,
        clusterTalk: ClusterTalk = ClusterTalk([]), onOutput: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil,
        onExit: @escaping @Sendable (ExitStatus) -> Void
    ) throws(SpawnError) -> SpawnedProcess {
        let spec = ProcessSpec(
            executable: arguments[0], arguments: Array(arguments.dropFirst()), environment: environment,
            workingDirectory: self.folder.work, newSession: true, parentDeathSignal: SIGKILL)
        let log = self.log
        return try self.services.reactor.spawn(
            spec,
            onOutput: { stream, bytes in
                clusterTalk.split(stream, bytes) { bytes, isTalk in
                    if !isTalk { tail.append(stream, bytes) }
                    log?.append(process: isTalk ? LogProcess.talk(of: process) : process, stream, bytes)
                }
                onOutput?(bytes)
            }, onExit: onExit)
    }

    /// Starts a process that a framework planned.
    func spawn(
        _ planned: PlannedProcess, marks: [String: String] = [:], process: Int, _ tail: OutputTail,
        onOutput: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil,
        onExit: @escaping @Sendable (ExitStatus) -> Void
    ) throws(AgentError) -> SpawnedProcess {
        let prefix = planned.hostname.map { [AgentProgram.path, "host", $0] } ?? []
        do throws(SpawnError) {
            return try self.spawn(
                prefix + planned.arguments, planned.environment.merging(marks) { $1 }, process: process, tail,
                clusterTalk: ClusterTalk(planned.clusterTalk ?? []), onOutput: onOutput, onExit: onExit)
        } catch {
            throw AgentError("\(planned.label): \(error.message)")
        }
    }

    func stepExited(_ status: ExitStatus) {
        self.step = nil
        guard self.phase == .running, !self.isClearing else { return }
        if case .signaled(SIGSEGV) = status {
            self.say("the step was ended by a segmentation fault, in compiled code that it ran")
        }
        let collector = ResultCollector(
            folder: self.folder.task, store: self.store, leavesNothing: self.hasLeftNothing, blame: self.blame("step"),
            causes: self.causes)
        let lines = self.tail.lastLines
        if collector.isBrief { return self.end(collector.outcome(status, lastLines: lines)) }
        let events = self.services.events
        self.services.files.async { events.yield(.stepCollected(collector.outcome(status, lastLines: lines))) }
    }

    /// Nothing runs that the step, or the agent for it, has started.
    private var hasLeftNothing: Bool {
        self.leavesNothing && self.processCount == 0 && self.launchCount == 0 && self.cluster.isEmpty
    }

    func logFailed(_ reason: String) {
        self.end(.failed(failure: self.blame("step").failure(.store, reason)))
    }

    /// The step body is over. After a failure nothing of it may live on, whatever the other nodes do.
    func end(_ outcome: NodeOutcome) {
        guard self.phase == .running, !self.isClearing else { return }
        self.cluster.followLogs()
        // Who reads the log of a step that has ended well finds all of it. A failure is told at once.
        if case .succeeded = outcome, self.isLogBehind { self.unwritten = outcome } else { self.conclude(outcome) }
    }

    /// Whether something of what has come is not in the log yet; ``logWritten()`` is called when it is.
    private var isLogBehind: Bool {
        let events = self.services.events
        return self.log?.whenWritten { events.yield(.logWritten) } ?? false
    }

    func logWritten() {
        if let outcome = self.unwritten.take(), self.phase == .running, !self.isClearing { self.conclude(outcome) }
        if self.isCleared, self.isReleased { self.leave() }
    }

    private func conclude(_ outcome: NodeOutcome) {
        self.phase = .over
        self.log?.flush()
        self.toControl(.ended(outcome: outcome))
        if case .failed(let failure, _) = outcome { self.clear(after: failure) }
    }

    // MARK: The end

    /// Ends everything on this node, then says so.
    private func release(after failure: TaskFailure?) {
        guard !self.isReleased else { return }
        self.isReleased = true
        self.keeps = self.spec.stays && failure == nil
        if self.isCleared { return self.leave() }
        self.clear(after: failure)
    }

    /// Ends everything below this agent and removes its folder. Asking twice is asking once.
    private func clear(after failure: TaskFailure?) {
        guard !self.isClearing else { return }
        self.isClearing = true
        self.heldFiles.look()
        self.step?.signalGroup(SIGTERM)
        let (events, files, folder) = (self.services.events, self.services.files, self.folder)
        let stamps = self.services.equipment.folders
        let keeps = self.keeps
        let (logs, heldFiles) = (self.cluster.logs, self.heldFiles)
        let clearFolder = { @Sendable (left: [ProcessIdentity]) in
            for log in logs { log.follow(isLast: true) }
            files.async {
                heldFiles.remove()
                let keeps = keeps && left.isEmpty && folder.empty(stamps)
                let problem = keeps ? nil : folder.remove()
                events.yield(.cleared(left: left.map(\.description) + [problem].compactMap { $0 }, keeps: keeps))
            }
        }
        // Only the step's server is below this agent, and it stays for the next attempt.
        if keeps, self.hasLeftNothing {
            let keeps = folder.empty(stamps)
            return self.cleared(left: [keeps ? nil : folder.remove()].compactMap { $0 }, keeps: keeps)
        }
        self.services.reactor.terminate(
            [.descendants(of: getpid())], attendants: self.attendants, grace: self.spec.grace(after: failure),
            completion: clearFolder)
    }

    func cleared(left: [String], keeps: Bool) {
        self.hasKept = keeps
        for problem in left { AgentErrors.print("left behind on node \(self.spec.index): \(problem)") }
        self.isCleared = true
        if self.isReleased { self.leave() }
    }

    private func leave() {
        guard self.phase != .released, !self.isLogBehind else { return }
        self.phase = .released
        self.log?.flush()
        self.toControl(.released)
    }
}
