import Dispatch
import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem
import MusterWire

/// Carries out what ``NodeStateMachine`` decides. Used by the agent's loop only.
final class NodeRunner {
    private(set) var machine: NodeStateMachine
    let folder: NodeFolder
    private let services: AgentServices
    private let store: ArtifactStore
    private let processes: NodeProcesses
    private let step: StepProgram
    private let lockFiles = LockFiles()
    private var log: NodeLog?
    /// The folder of torch's compiled extensions, locked for as long as this node may start a compiler.
    private var extensions: ExtensionFolder?
    private let planner: FrameworkPlanner
    private let toControl: (WorkerMessage) -> Void
    private var clusterLogs: [ClusterLogs] = []
    private let making: FolderMaking
    private let memoryKills: MemoryKills

    init(
        spec: NodeSpec, setup: ClusterSetup, problem: TaskFailure?, services: AgentServices,
        toControl: @escaping (WorkerMessage) -> Void
    ) {
        self.machine = NodeStateMachine(spec: spec, setup: setup, problem: problem)
        self.services = services
        self.folder = NodeFolder(spec)
        self.making = FolderMaking(self.folder, package: spec.package)
        self.store = ArtifactStore(StoreLayout(root: spec.store), taken: services.equipment.taken)
        self.processes = NodeProcesses(folder: self.folder, services: services)
        self.step = StepProgram(folder: self.folder, services: services, processes: self.processes)
        self.planner = FrameworkPlanner(spec, on: services.reactor)
        self.toControl = toControl
        self.memoryKills = MemoryKills()
    }

    /// Has the code package copied while the gang forms (Benchmarks: slurm-gang). A step that runs in place needs no copy.
    func begin() {
        guard self.folder.inPlace == nil, self.services.reusedFolder != self.folder else { return }
        self.services.files.async { [making = self.making] in making.make() }
    }

    /// Lets the machine decide on the event, and on what its actions bring about at once.
    func handle(_ event: NodeEvent) throws(IllegalNodeEvent) {
        var events = [event]
        while !events.isEmpty {
            let event = events.removeFirst()
            self.services.log.hears(event)
            for action in try self.machine.handle(event) {
                self.services.log.performs(action)
                if let next = self.perform(action) { events.append(next) }
            }
        }
    }

    func processExited(_ process: NodeProcess, _ status: ExitStatus) throws(IllegalNodeEvent) {
        try self.handle(.exited(process, status, self.processes.remove(process, status)))
    }

    func foundStopped(_ processes: [StoppedProcess]) throws(IllegalNodeEvent) {
        let processes = processes.map { process in
            var process = process
            process.process = self.processes.owner(of: process.identity.pid)
            return process
        }
        try self.handle(.foundStopped(processes))
    }

    /// - Returns: The outcome, where it is known at once; others come as ``AgentEvent/node(_:)``.
    private func perform(_ action: NodeAction) -> NodeEvent? {
        switch action {
        case .tell(let message): self.toControl(message.explained(by: self.memoryKills))
        case .ask(let request): self.services.events.yield(.toOwnControl(request))
        case .prepare(let roster): return self.prepare(roster)
        case .startBody(let task, let hasBody): return self.startBody(task, hasBody: hasBody)
        case .spawnStep:
            return self.attempt { try self.step.spawn(self.machine.spec, self.machine.environment) }
        case .collect(let status, let leavesNothing, let told):
            var collector = ResultCollector(
                folder: self.folder.task, store: self.store, leavesNothing: leavesNothing,
                blame: self.machine.blame("step"), told: told)
            if self.services.bucket != nil {
                collector.elsewhere = Set(self.machine.spec.task.given.map(\.digest))
            }
            self.collect(status, collector)
        case .start(let process, let planned, let mark): return self.start(process, planned, mark)
        case .terminate(let process): self.processes.terminate(process)
        case .prepareServices(let package): return self.prepareServices(package)
        case .planServices(let framework, let context):
            let (name, events) = (framework.name, self.services.events)
            self.planner.ask(.services(framework: name, settings: framework.options, context: context)) {
                events.yield(.node(.servicesPlanned($0.services(of: name))))
            }
        case .follow(let logs): self.follow(logs)
        case .startService(let id, let service, let seconds):
            return self.processes.start(
                service, id, address: self.machine.spec.address, readyWithin: seconds,
                probedEvery: self.machine.spec.times.probeInterval)
        case .check(let launch, let query):
            let events = self.services.events
            self.planner.ask(query) { events.yield(.launchChecked(launch: launch, framework: query.framework, $0)) }
        case .plan(let request, let context): return self.plan(request, context)
        case .expectLockFiles(let files): self.lockFiles.expect(files)
        case .write(let files, let round): return .filesWritten(round, self.folder.write(files, of: round))
        case .endRound(let round):
            self.lockFiles.look()
            self.processes.end(round, grace: self.machine.spec.failureGrace)
        case .tidyRound:
            self.lockFiles.remove()
            self.log?.flush()
        case .after(let seconds, let event):
            let events = self.services.events
            self.services.clock.schedule(after: seconds) { events.yield(.node(event)) }
        case .answer(let connection, let answer): self.services.requests.answer(connection, answer)
        case .verify(let connection, let references, let isList):
            let work = self.requestWork
            self.bringing(references) { problem in
                .answer(connection, problem ?? work.verify(references, isList: isList))
            }
        case .takeCard(let connection, let name, let file):
            let work = self.requestWork
            self.inBackground { .answer(connection, work.takeCard(name, file)) }
        case .log(let connection, let process, let stream, let bytes):
            guard let log = self.log else { return .answer(connection, .done) }
            bytes.withUnsafeBytes { log.append(process: process, stream, $0) }
            let events = self.services.events
            log.whenRoom { events.yield(.node(.answer(connection, .done))) }
        case .find(let connection, let path):
            return .fileFound(connection, path: path, BroadcastSource.find("\(self.folder.work)/\(path)"))
        case .receive(let offer): return self.receive(offer)
        case .followLogs: for log in self.clusterLogs { log.follow() }
        case .lookForLockFiles:
            self.services.files.async { [lockFiles, log] in
                for path in lockFiles.look() { log?.tellCompiler(path) }
            }
        case .lookForStopped:
            let events = self.services.events
            self.services.files.async { events.yield(.foundStopped(StoppedProcess.all(below: getpid()))) }
        case .say(let line): self.log?.say(line)
        case .flushLog: self.log?.flush()
        case .awaitLog:
            let events = self.services.events
            guard let bucket = self.services.bucket else {
                let isBehind = self.log?.whenWritten { events.yield(.node(.logWritten)) } ?? false
                return isBehind ? nil : .logWritten
            }
            let flush = { @Sendable in bucket.flush { events.yield(.node(.logWritten)) } }
            if self.log?.whenWritten(flush) != true { flush() }
        case .clear(let clearing):
            self.lockFiles.look()
            return self.processes.endAll(
                clearing, node: self.machine.spec.index, logs: self.clusterLogs, lockFiles: self.lockFiles)
        }
        return nil
    }

    private var requestWork: RequestWork {
        RequestWork(
            spec: self.machine.spec, folder: self.folder, store: self.store, blame: self.machine.blame("step"))
    }

    /// Does work on files, which may block, on the queue for it.
    private func inBackground(_ body: @escaping @Sendable () -> NodeEvent) {
        let events = self.services.events
        self.services.files.async { events.yield(.node(body())) }
    }

    /// Does work on files once the artifacts are there.
    /// - Parameter body: Is given the answer when they cannot be brought.
    private func bringing(
        _ references: [ArtifactReference], _ body: @escaping @Sendable (AgentAnswer?) -> NodeEvent
    ) {
        guard let bucket = self.services.bucket else { return self.inBackground { body(nil) } }
        let (files, events, blame) = (self.services.files, self.services.events, self.machine.blame("step"))
        bucket.fetch(references) { problem in
            let answer = problem.map { AgentAnswer.failed(failure: blame.failure(.store, $0)) }
            files.async { events.yield(.node(body(answer))) }
        }
    }

    private func collect(_ status: ExitStatus, _ collector: ResultCollector) {
        let lines = self.step.lastLines
        let (events, bucket) = (self.services.events, self.services.bucket)
        self.services.files.async {
            let outcome = collector.outcome(status, lastLines: lines)
            guard let bucket else {
                events.yield(.node(.collected(outcome)))
                return
            }
            bucket.store(outcome) { problem in
                let failed = problem.map { NodeOutcome.failed(failure: collector.blame.failure(.store, $0)) }
                events.yield(.node(.collected(failed ?? outcome)))
            }
        }
    }

    /// Does something towards the start of the step.
    private func attempt(_ body: () throws -> Void) -> NodeEvent? {
        do {
            try body()
            return nil
        } catch {
            return .couldNotStart(error is StoreError ? .store : .environment, reason: "\(error)")
        }
    }

    private func start(_ process: NodeProcess, _ planned: PlannedProcess, _ mark: String?) -> NodeEvent? {
        var planned = planned
        if case .program = process {
            planned.arguments = EntrypointPlaces(self.machine.spec, self.folder).placed(planned.arguments)
        }
        do throws(SpawnError) {
            try self.processes.start(process, planned, mark: mark)
            return nil
        } catch {
            return .notStarted(process, reason: error.message)
        }
    }

    // MARK: The body

    private func prepare(_ roster: Roster) -> NodeEvent? {
        if self.services.reusedFolder == self.folder { return self.open(roster) }
        if self.folder.inPlace != nil { return self.open(roster, self.making.make()) }
        // Copying takes as long as the package is large.
        self.services.files.async { [making = self.making, events = self.services.events] in
            events.yield(.folderMade(roster, making.make()))
        }
        return nil
    }

    func folderMade(_ roster: Roster, _ problem: AgentError?) throws(IllegalNodeEvent) {
        guard self.machine.phase == .preparing else { return }
        try self.handle(self.open(roster, problem))
    }

    /// Opens the socket and the log in the folders that were made.
    private func open(_ roster: Roster, _ problem: AgentError? = nil) -> NodeEvent {
        let (spec, events) = (self.machine.spec, self.services.events)
        do throws(AgentError) {
            if let problem { throw problem }
            try self.services.requests.listen(at: self.folder.socket, for: events)
        } catch {
            return .couldNotStart(.environment, reason: error.message)
        }
        let log = NodeLog(
            path: self.store.layout.logFile(spec.attempt, node: spec.index), node: spec.index,
            status: self.services.status, reactor: self.services.reactor, clock: self.services.clock,
            interval: spec.times.logInterval, echo: spec.echoes == true ? LogEcho() : nil
        ) { events.yield(.node(.logFailed($0))) }
        self.log = log
        self.processes.log = log
        var environment = StepEnvironment.make(spec, roster: roster, folder: self.folder)
        self.extensions = ExtensionFolder.use(for: spec, in: &environment, lockFiles: self.lockFiles, log: log)
        return .prepared(environment: environment)
    }

    private func startBody(_ task: TaskFile, hasBody: Bool) -> NodeEvent? {
        self.attempt {
            try FileContents.overwrite("\(self.folder.task)/\(TaskFile.name)", with: LineCoding.encode(task))
            if hasBody {
                try self.step.start(self.machine.spec, self.machine.environment)
            } else {
                self.services.status.send(.started(node: self.machine.spec.index))
            }
            // The socket listens already; answering can wait until the program runs.
            self.services.requests.serve(on: self.services.sockets)
        }
    }

    // MARK: Services

    private func prepareServices(_ package: String?) -> NodeEvent? {
        let spec = self.machine.spec
        guard mkdir(self.folder.cluster, 0o700) == 0 else {
            return .couldNotStart(
                .environment, reason: AgentError.system("make the folder \(self.folder.cluster)").message)
        }
        guard let package else { return .versionTold(nil) }
        let events = self.services.events
        PackageVersion(
            python: PythonProgram.interpreter(spec.task.python, self.machine.environment), package: package,
            environment: self.machine.environment, folder: self.folder.work, patience: spec.times.planTimeout
        ).ask(on: self.services.reactor) { events.yield(.node(.versionTold($0))) }
        return nil
    }

    private func follow(_ logs: [PlannedLogs]) {
        guard let log = self.log else { return }
        self.clusterLogs = logs.enumerated().map { index, logs in
            ClusterLogs(
                logs, log: log, first: LogProcess.firstFile(of: index, isQuiet: logs.isQuiet), on: self.services.files)
        }
    }

    // MARK: Launches

    func launchChecked(
        _ launch: Int, _ framework: String, _ answer: Result<PlanAnswer, AgentError>
    ) throws(IllegalNodeEvent) {
        let places = EntrypointPlaces(self.machine.spec, self.folder)
        try self.handle(.launchChecked(launch: launch, answer.checked(of: framework, places)))
    }

    private func plan(_ request: LaunchRequest, _ context: LaunchContext) -> NodeEvent? {
        var context = context
        do throws(AgentError) {
            try NodeFolder.make(context.folder)
            context.agent = AgentProgram.path
            context.places = try EntrypointPlaces(self.machine.spec, self.folder).paths(of: request)
        } catch {
            return .roundPlanned(context.round, .failure(error))
        }
        let (round, events) = (context.round, self.services.events)
        self.planner.ask(.plan(request: request, context: context)) {
            events.yield(.node(.roundPlanned(round, $0.plan(of: request.framework))))
        }
        return nil
    }

    private func receive(_ offer: BroadcastOffer) -> NodeEvent? {
        let place = BroadcastPlace(offer.path, broadcast: offer.broadcast, in: self.folder)
        guard !offer.source.isHere else {
            self.inBackground { .broadcastReceived(offer, place.copy(offer)) }
            return nil
        }
        let events = self.services.events
        do throws(AgentError) {
            self.services.inbox.open(
                try IncomingBroadcast(offer, into: place) { events.yield(.node(.broadcastReceived(offer, $0))) })
            return .broadcastOpened(offer)
        } catch {
            return .broadcastReceived(offer, error)
        }
    }
}
