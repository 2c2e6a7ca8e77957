import Dispatch
import FoundationEssentials
import Glibc
package import Logging
package import MusterModel
package import MusterProcess
import MusterSystem
import MusterWire
import Synchronization

/// Runs gangs on this machine: every node is an agent with a process tree, a folder and a loopback address of its own.
///
/// The agents' standard input is their lifeline: when this process dies, it reaches its end, and they stop their nodes.
/// Every agent's parent is a keeper, a subreaper that adopts and kills the agent's orphans, also after the death of
/// this process. This process is a subreaper too: it adopts the orphans of a killed keeper.
package final class LocalBackend: GangRunner {
    package let name = "local"
    package let capabilities: RunnerCapabilities

    private let reactor: ProcessReactor
    private let settings: LocalGangDefaults
    private let times: LocalTimes
    private let log: LocalLog
    private let short: ShortFolder
    private let clearing = DispatchGroup()
    private let observer = GangObserver()
    /// Guards the gangs. Callbacks of the reactor's thread and `submit` meet here; nothing waits inside.
    private let state: Mutex<State>

    private struct State {
        var addresses = LoopbackAddresses(start: .random(in: 0..<Int.max))
        var gangs: [AttemptID: RunningGang] = [:]
        var pool: AgentPool
        /// The locks of the gangs' folders, by their paths near the store.
        var folders: [String: LockedFolder] = [:]
        /// Sentences about stale files that cannot be removed.
        var leftovers: [String] = []
    }

    /// - Parameters:
    ///   - agent: Path of `muster-agent`.
    ///   - store: The store's folder. Artifacts are made below it, so that they are renamed into the store and not
    ///     copied.
    ///   - environment: The environment of every step, before its decorators.
    package init(
        reactor: ProcessReactor, agent: String, store: String, capacity: MachineCapacity,
        environment: [String: String], settings: Settings = Settings(),
        log: Logger = Logger(label: "muster", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        ProcessTree.becomeSubreaper()
        self.reactor = reactor
        self.capabilities = RunnerCapabilities(capacity: capacity, runsInPlace: true)
        self.settings = LocalGangDefaults(
            agent: agent, environment: environment, scratchRoot: "\(store)/scratch", gang: settings.gang,
            node: settings.node)
        self.times = settings.local
        self.log = LocalLog(log)
        let short = ShortFolder(environment: environment, last: self.settings.scratchRoot)
        self.short = short
        self.state = Mutex(State(pool: AgentPool(startsAtOnce: capacity.cpus, times: settings.local)))
        // While the first gangs run: a place for temporary files can hold very many.
        DispatchQueue.global(qos: .utility).async(group: self.clearing) { self.clearLeftovers() }
    }

    package func observe(_ body: @escaping @Sendable (GangObservation) -> Void) {
        self.observer.set(body)
    }

    package func request(for gang: GangSpec) throws -> LocalRequest {
        let addresses = self.state.withLock { $0.addresses.take(gang.size) }
        let unique = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let name = "\(Self.scratchPrefix(run: gang.attempt.run))-\(unique)"
        let scratch = ScratchFolder(near: "\(self.settings.scratchRoot)/\(name)", short: try self.short.next())
        return LocalRequest(gang: gang, addresses: addresses, scratch: scratch, settings: self.settings)
    }

    package func submit(_ request: LocalRequest) async throws {
        guard self.register(request) else { return }
        if request.nodes.allSatisfy(\.reusable) { return self.place(request) }
        do {
            try self.startAll(request)
        } catch {
            await self.withdraw(request)
            throw BackendError(message: "\(error)", isTransient: true)
        }
    }

    package func cancel(_ attempt: AttemptID, because failure: TaskFailure) async {
        self.handle(.cancelled(failure), of: attempt)
    }

    /// No gang on this machine outlives its engine: its remaining processes are terminated.
    package func takeOver(
        _ gangs: [StartedGang], flow: String, run: String, beside alive: Set<AttemptID>
    ) async -> Set<AttemptID> {
        // A node of a living gang may be this machine: when the engine runs inside a job, for instance.
        let marks = alive.isEmpty ? ["\(flow)/\(run)"] : gangs.map(\.spec.attempt.folder)
        _ = await self.reactor.terminate(
            marks.map { .marked(variable: NodeEnvironment.scope, value: $0) }, grace: self.settings.gang.grace,
            deadline: self.times.clearDeadline)
        let root = self.settings.scratchRoot
        let names = Folder.names(in: root) ?? []
        let problems = names.filter { $0.hasPrefix("\(Self.scratchPrefix(run: run))-") }
            .compactMap { FolderRemoval.remove("\(root)/\($0)") }
        self.noteLeftovers(problems + self.short.removeStale())
        return []
    }

    /// Removes stale folders of gangs of any run whose engine and agents have ended without removing them.
    private func clearLeftovers() {
        let problems =
            StaleFiles.remove(in: self.settings.scratchRoot, exceptPrefix: ShortFolder.prefix)
            + self.short.removeStale()
        self.noteLeftovers(problems)
    }

    /// The start and a recovery may find the same folder.
    private func noteLeftovers(_ problems: [String]) {
        for problem in problems { self.log.left(problem) }
        self.state.withLock { state in state.leftovers += problems.filter { !state.leftovers.contains($0) } }
    }

    /// A sentence for each stale file that cannot be removed. It waits until the removal has been tried.
    package func leftovers() async -> [String] {
        await withCheckedContinuation { continuation in self.clearing.notify(queue: .global()) { continuation.resume() }
        }
        return self.state.withLock { $0.leftovers }
    }

    /// Removes a gang's folders, or reports the reason why not.
    private func remove(_ folder: ScratchFolder, of attempt: AttemptID?) {
        defer { self.state.withLock { $0.folders[folder.near] = nil } }
        let problem = folder.remove()
        self.log.removed(folder.near, problem)
        guard let problem, let attempt else { return }
        self.observer.tell(
            GangObservation(attempt: attempt, event: .warning("the attempt's scratch folder stays: \(problem)")))
    }

    private func makeFolders(of request: LocalRequest) throws {
        let held = try request.scratch.make()
        self.state.withLock { $0.folders[request.scratch.near] = held }
    }

    /// Scratch folders near the store carry their run's name.
    private static func scratchPrefix(run: String) -> String {
        UInt64(run).map { String($0, radix: 36) } ?? String(run.prefix(12))
    }

    package func rest() async {
        let idle = self.state.withLock { $0.pool.dismissIdle() }
        for agent in idle { self.dismiss(agent) }
        await withCheckedContinuation { continuation in
            let isEmpty = self.state.withLock { $0.pool.whenEmpty { continuation.resume() } }
            if isEmpty { continuation.resume() }
        }
        if self.state.withLock({ $0.gangs.isEmpty }) { self.short.remove() }
        await withCheckedContinuation { continuation in
            self.clearing.notify(queue: .global()) { continuation.resume() }
        }
    }

    // MARK: - Starting

    private func register(_ request: LocalRequest) -> Bool {
        let gang = LocalGang(
            attempt: request.attempt, size: request.nodes.count, controlAddress: request.controlAddress,
            grace: self.settings.gang.grace, times: self.times, started: Date().timeIntervalSince1970)
        return self.state.withLock { state in
            guard state.gangs[request.attempt] == nil else { return false }
            state.gangs[request.attempt] = RunningGang(gang: gang, scratch: request.scratch)
            return true
        }
    }

    private func startAll(_ request: LocalRequest) throws {
        try self.makeFolders(of: request)
        let secret = AttemptKey.random().base64EncodedString()
        let clusterSecret = (0..<4).map { _ in String(UInt64.random(in: 0...UInt64.max), radix: 36) }.joined()
        for node in request.nodes {
            var node = node
            node.secret = secret
            node.clusterSecret = clusterSecret
            let agent = LocalAgent(
                node: node.index, scratch: request.scratch, address: node.address, attempt: request.attempt)
            try self.start(agent, node)
        }
    }

    private func start(_ agent: LocalAgent, _ node: NodeSpec) throws {
        let attempt = node.attempt
        // The agent carries its node's mark too, so that clearing a run away finds it.
        let mark = [NodeEnvironment.scope: NodeEnvironment.scopeValue(attempt: attempt, index: node.index)]
        let spec = ProcessSpec(
            executable: self.settings.agent, arguments: ["--own-shared-memory"],
            environment: self.settings.environment.merging(mark) { $1 }, standardInput: .pipe,
            newSession: true)
        agent.process = try self.reactor.spawn(
            spec,
            onOutput: { [weak self] stream, bytes in
                for status in agent.output.receive(stream, bytes) { self?.hear(status, from: agent) }
            },
            onExit: { [weak self] status in self?.exited(agent, status) },
            onStop: { [weak self] in self?.stopped(agent, $0) })
        self.log.started(agent, attempt)
        try self.instruct(agent, node)
    }

    /// Gives the agent a node of a gang, and what was meant for that node before.
    private func instruct(_ agent: LocalAgent, _ node: NodeSpec) throws {
        guard let process = agent.process else { return }
        process.write(try agent.line(for: node))
        let queued = self.state.withLock { $0.gangs[node.attempt]?.adopt(process, as: node.index) ?? [] }
        for command in queued { process.write(command) }
    }

    /// All or none: what has been started of the gang ends, and nothing is reported.
    private func withdraw(_ request: LocalRequest) async {
        let gang = self.state.withLock { $0.gangs.removeValue(forKey: request.attempt) }
        for process in gang?.processes.values.map({ $0 }) ?? [] { process.closeInput() }
        self.remove(request.scratch, of: request.attempt)
    }

    // MARK: - Gangs of one

    private func place(_ request: LocalRequest) {
        self.carryOut(self.state.withLock { $0.pool.place(request, now: Uptime.now()) })
    }

    private func carryOut(_ placements: [AgentPool.Placement]) {
        for placement in placements {
            switch placement {
            case .start(let agent, let request): self.startOne(agent, request)
            case .serve(let agent, let request):
                self.log.reused(agent, request.attempt)
                self.attempt(request, agent) { try self.instruct(agent, $0) }
            case .wait(let seconds):
                self.reactor.schedule(after: seconds) { [weak self] in
                    guard let self else { return }
                    self.carryOut(self.state.withLock { $0.pool.look(now: Uptime.now()) })
                }
            }
        }
    }

    private func startOne(_ agent: LocalAgent, _ request: LocalRequest) {
        self.attempt(request, agent) {
            try self.makeFolders(of: request)
            try self.start(agent, $0)
        }
    }

    private func attempt(_ request: LocalRequest, _ agent: LocalAgent, _ body: (NodeSpec) throws -> Void) {
        var node = request.nodes[0]
        let scratch = agent.scratch.node(0)
        (node.scratch, node.temporary, node.address) = (scratch.near, scratch.short, agent.address)
        self.state.withLock { $0.gangs[request.attempt]?.scratch = agent.scratch }
        do {
            try body(node)
        } catch {
            // There is no process whose exit status could be reported.
            let failure = TaskFailure(
                code: .lost, message: "the gang of \(request.attempt) could not be started: \(error)")
            self.state.withLock { $0.gangs[request.attempt] = nil }
            self.remove(agent.scratch, of: request.attempt)
            let report = GangReport(failure: failure, nodes: [], started: 0, finished: 0)
            self.observer.tell(GangObservation(attempt: request.attempt, event: .finished(report)))
            self.carryOut(self.state.withLock { $0.pool.gone(agent, now: Uptime.now()) })
        }
    }

    private func dismiss(_ agent: LocalAgent) {
        agent.process?.closeInput()
        self.reactor.schedule(after: self.settings.gang.grace + self.times.dismissGrace) {
            agent.process?.signal(SIGKILL)
        }
    }

    // MARK: - Living

    private func hear(_ status: AgentStatus, from agent: LocalAgent) {
        guard let attempt = agent.attempt else { return }
        if status == .ready { return self.ready(agent, after: attempt) }
        if case .reported(let path) = status { return self.hear(Self.report(at: path), from: agent) }
        self.handle(.status(status), of: attempt)
        if case .started = status {
            self.carryOut(self.state.withLock { $0.pool.started(agent, now: Uptime.now()) })
        }
    }

    /// The status of an agent that has written its report into the store.
    private static func report(at path: String) -> AgentStatus {
        do {
            return .finished(
                report: try LineCoding.decode(GangReport.self, from: Data(contentsOf: URL(filePath: path))))
        } catch {
            let failure = TaskFailure(code: .store, message: "the report in \(path) cannot be read: \(error)")
            return .finished(report: GangReport(failure: failure, nodes: [], started: 0, finished: 0))
        }
    }

    /// The agent is idle before the end of its gang is reported, so the next gang can be assigned to it at once.
    private func ready(_ agent: LocalAgent, after attempt: AttemptID) {
        let next = self.state.withLock { state in
            state.gangs[attempt]?.gang.isReported == true ? state.pool.ready(agent, now: Uptime.now()) : []
        }
        self.handle(.ready, of: attempt)
        self.carryOut(next)
    }

    /// A signal has stopped or continued an agent. One that stays stopped counts as lost; the gang's heartbeat would
    /// notice it only after some seconds.
    private func stopped(_ agent: LocalAgent, _ isStopped: Bool) {
        let isUnchanged = agent.changeStop()
        guard isStopped else { return }
        self.log.stopped(agent)
        self.reactor.schedule(after: self.times.stoppedGrace) { [weak self] in
            // The system is asked as well: when this program was stopped too, its timers may be due before it has heard of
            // what went on meanwhile.
            guard isUnchanged(), let process = agent.process, ProcessTree.isStopped(process.pid) else { return }
            guard let attempt = agent.attempt else { return process.signal(SIGKILL) }
            self?.handle(.stopped(node: agent.node), of: attempt)
        }
    }

    private func exited(_ agent: LocalAgent, _ status: ExitStatus) {
        self.log.exited(agent, status)
        if let attempt = agent.attempt {
            self.handle(.exited(node: agent.node, status, lastLines: agent.output.lastLines), of: attempt)
        } else {
            // It waited for work: no gang's end takes its folder along.
            self.remove(agent.scratch, of: agent.lastAttempt)
        }
        self.carryOut(self.state.withLock { $0.pool.gone(agent, now: Uptime.now()) })
    }

    private func handle(_ event: LocalGang.Event, of attempt: AttemptID) {
        let now = Date().timeIntervalSince1970
        let (actions, over) = self.state.withLock { state -> ([RunningGang.Effect], RunningGang?) in
            guard var running = state.gangs[attempt] else { return ([], nil) }
            let effects = running.handle(event, now: now)
            state.gangs[attempt] = running.gang.isOver ? nil : running
            return (effects, running.gang.isOver ? running : nil)
        }
        // Only after all processes of the gang have ended: one that still runs could make the folder again. A reusable
        // agent needs it for the next gang.
        if let over, event != .ready { self.remove(over.scratch, of: attempt) }
        for action in actions { self.perform(action, attempt) }
    }

    private func perform(_ effect: RunningGang.Effect, _ attempt: AttemptID) {
        self.log.performs(effect, attempt)
        switch effect {
        case .write(let process, let line): process.write(line)
        case .dismiss(let process): process.closeInput()
        case .kill(let process): process.signal(SIGKILL)
        case .observe(let event): self.observer.tell(GangObservation(attempt: attempt, event: event))
        case .wait(let node, let seconds):
            self.reactor.schedule(after: seconds) { [weak self] in self?.handle(.overdue(node: node), of: attempt) }
        case .sweep(let node):
            self.sweep(node, of: attempt)
        }
    }

    /// Terminates the processes that a failed agent may have left: those that carry the node's mark, and those that
    /// this program has adopted because the agent's keeper was killed as well.
    private func sweep(_ node: Int, of attempt: AttemptID) {
        let mark = NodeEnvironment.scopeValue(attempt: attempt, index: node)
        self.reactor.terminate(
            [.marked(variable: NodeEnvironment.scope, value: mark), .orphans],
            grace: self.times.sweepGrace, deadline: self.times.sweepDeadline
        ) {
            [weak self] _ in self?.handle(.swept(node: node), of: attempt)
        }
    }
}
