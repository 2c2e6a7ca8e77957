import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterSystem
import MusterWire

/// Launches of a framework: asked for by the step, started and stopped by the gang's control on all nodes alike.
extension NodeRunner {
    /// Marks the processes of one round, so that each is found when the round has to end.
    static let mark = "MUSTER_LAUNCH"

    func mark(_ round: LaunchRound) -> String {
        let scope = NodeEnvironment.scopeValue(attempt: self.spec.attempt, index: self.spec.index)
        return "\(scope)/\(round.launch)-\(round.restart)"
    }

    // MARK: Asking

    func requestLaunch(_ name: String, _ options: [String: JSONValue], _ connection: SocketConnection) {
        guard self.launch == nil else {
            return self.refuse(
                "\(name) was started while a launch of this step still runs; start one after the other", connection)
        }
        self.launchCount += 1
        let number = self.launchCount
        self.launch = NodeLaunch(number: number, connection: connection)
        let settings = self.spec.framework.map { $0.name == name ? $0.options : [:] } ?? [:]
        let events = self.services.events
        // Before any other node hears of it: what cannot work is refused where it was asked for.
        self.planner.ask(.check(framework: name, options: options, settings: settings, nodes: self.facts)) {
            events.yield(.launchChecked(launch: number, $0))
        }
    }

    private func refuse(_ reason: String, _ connection: SocketConnection) {
        self.answer(connection, .failed(failure: self.blame("step").failure(.contract, reason)))
    }

    /// Of all nodes, this one's first.
    private var facts: [NodeFacts] {
        let others = (self.roster?.nodes ?? []).enumerated().filter { $0.offset != self.spec.index }
        let own = (offset: self.spec.index, element: RosterNode(self.spec, ports: []))
        return ([own] + others).map { index, node in
            NodeFacts(
                index: index, size: self.spec.size, cpus: node.cpus, gpus: node.gpus, environment: self.environment)
        }
    }

    func launchChecked(_ number: Int, _ answer: Result<PlanAnswer, AgentError>) {
        guard let launch = self.launch, launch.number == number, self.phase == .running, !self.isClearing else {
            return
        }
        do throws(AgentError) {
            guard case .check(let checked) = try answer.get(), let own = checked.first, checked.count == self.spec.size
            else {
                throw FrameworkPlanner.wrongAnswer(self.spec.framework?.name ?? "")
            }
            for file in own.files { _ = try self.place(of: file, own.request.framework) }
            var request = own.request
            request.files = own.files
            if request.asker == .controlNode {
                request.processesOfAll = self.inNodeOrder(checked.map(\.request.processes))
            }
            self.launch?.request = request
            self.toControl(.launchRequested(launch: number, request: request))
        } catch {
            self.launch = nil
            self.launchCount -= 1
            self.refuse(error.message, launch.connection)
        }
    }

    /// From this node's first to node order.
    private func inNodeOrder(_ values: [Int]) -> [Int] {
        var ordered = Array(values.dropFirst())
        ordered.insert(values[0], at: self.spec.index)
        return ordered
    }

    /// Where programs find `file`: beside the flow, or in the folder where it was started.
    private func place(of file: String, _ framework: String) throws(AgentError) -> String {
        let places = EntrypointPlaces(self.spec, self.folder)
        guard let path = places.path(of: file) else {
            throw AgentError("\(framework): the entrypoint \(file) does not exist \(places.description)")
        }
        return path
    }

    private func places(of request: LaunchRequest) throws(AgentError) -> [String: String] {
        var places: [String: String] = [:]
        for file in request.files ?? [] { places[file] = try self.place(of: file, request.framework) }
        return places
    }

    func answerLaunch(_ number: Int, _ failure: TaskFailure?) {
        guard let launch = self.launch, launch.number == number else { return }
        self.launch = nil
        self.answer(launch.connection, failure.map { .failed(failure: $0) } ?? .done)
    }

    // MARK: Rounds

    func startRound(_ round: LaunchRound, port: Int, _ processes: [Int], _ request: LaunchRequest?) {
        guard let request = request ?? self.launch?.request, !self.isClearing, self.round == nil else { return }
        self.round = NodeRound(round: round)
        do throws(AgentError) {
            guard let roster = self.roster, processes.count == roster.count else {
                throw AgentError("the launch names \(processes.count) nodes")
            }
            guard mkdir(self.folder.launch(round), 0o700) == 0 else {
                throw AgentError.system("make the folder \(self.folder.launch(round))")
            }
            let context = LaunchContext(
                roster: roster, node: self.spec.index, round: round, port: port, processes: processes,
                runID: "\(self.clusterID)-\(round.launch)", python: self.spec.task.python,
                environment: self.environment, folder: self.folder.launch(round), agent: AgentProgram.path,
                places: try self.places(of: request))
            let events = self.services.events
            self.planner.ask(.plan(request: request, context: context)) { events.yield(.roundPlanned(round, $0)) }
        } catch {
            self.failRound(self.blame("step").failure(.environment, error.message))
        }
    }

    func roundPlanned(_ round: LaunchRound, _ answer: Result<PlanAnswer, AgentError>) {
        guard let current = self.round, current.round == round, !current.isStopping else { return }
        do throws(AgentError) {
            guard case .plan(let plan) = try answer.get() else {
                throw FrameworkPlanner.wrongAnswer(self.spec.framework?.name ?? "")
            }
            self.round?.plan = plan
            self.heldFiles.expect(plan.staleFiles)
            for file in plan.files { try self.write(file, round) }
            for (index, process) in plan.processes.enumerated() { try self.startWorker(index, process, round) }
            self.round?.early = []
            for (id, command) in current.early { self.startRemote(id, round, command) }
            guard plan.processes.isEmpty else { return }
            if plan.remote == nil { self.endRound() } else { self.toControl(.launchHosting(round: round)) }
        } catch {
            self.failRound(self.blame("step").failure(.environment, error.message))
        }
    }

    private func write(_ file: PlannedFile, _ round: LaunchRound) throws(AgentError) {
        guard file.path.hasPrefix("\(self.folder.launch(round))/") else {
            throw AgentError("the framework wants to write \(file.path), which is not below its own folder")
        }
        do {
            try FileContents.overwrite(file.path, with: Data(file.contents.utf8))
        } catch {
            throw AgentError("\(error)")
        }
        if file.isExecutable, chmod(file.path, 0o700) != 0 { throw AgentError.system("make \(file.path) executable") }
    }

    private func startWorker(_ index: Int, _ planned: PlannedProcess, _ round: LaunchRound) throws(AgentError) {
        let tail = OutputTail()
        let events = self.services.events
        self.round?.tails.append(tail)
        self.round?.running[index] = try self.spawn(
            planned, marks: [Self.mark: self.mark(round)], process: 1 + index, tail
        ) { events.yield(.workerExited(round: round, worker: index, $0)) }
    }

    func workerExited(_ round: LaunchRound, _ worker: Int, _ status: ExitStatus) {
        guard let current = self.round, current.round == round, let plan = current.plan else { return }
        self.round?.running[worker] = nil
        guard !current.isStopping else { return }
        let planned = plan.processes[worker]
        self.judge(
            ProcessExit(planned.label, .planned, status, lastLines: current.tails[worker].lastLines),
            detail: status.isSuccess ? nil : planned.errorFile.flatMap(TorchError.message))
        guard let left = self.round, left.running.isEmpty, !left.isStopping, !left.isSuspect else { return }
        self.endRound()
    }

    /// What one more exit means for the round, by the framework's reading.
    func judge(_ exit: ProcessExit, detail: String? = nil) {
        guard let current = self.round, !current.isStopping, let plan = current.plan else { return }
        let evidence = plan.reading.evidence(of: exit)
        if !plan.reading.isSuccess(exit), evidence == .silence || evidence == .hearsay {
            return self.suspect(self.blame(exit.label).failure(exit, detail: detail), evidence)
        }
        self.round?.exits.append(exit)
        guard let cause = plan.reading.verdict(on: current.exits + [exit]) else { return }
        self.failRound(
            self.blame(cause.label).failure(cause, detail: cause == exit ? detail : nil),
            plan.reading.evidence(of: cause))
    }

    /// Others may know more of it than this node. The round goes on here until the control node has waited for them.
    func suspect(_ failure: TaskFailure, _ evidence: LaunchEvidence) {
        guard let round = self.round?.round else { return }
        self.round?.isSuspect = true
        self.toControl(.launchFailed(round: round, failure: failure, evidence: evidence))
    }

    func failRound(_ failure: TaskFailure, _ evidence: LaunchEvidence = .end) {
        guard let round = self.round?.round else { return }
        self.toControl(.launchFailed(round: round, failure: failure, evidence: evidence))
        self.stopRound(round)
    }

    /// Ends what is left of a round, daemons of its processes included.
    func stopRound(_ round: LaunchRound) {
        guard let current = self.round, current.round == round, !current.isStopping, !self.isClearing else { return }
        self.round?.isStopping = true
        self.heldFiles.look()
        let attendants = self.attendants
        let processes = Array(current.running.values) + current.remotes.values.map(\.process)
        if attendants.isEmpty { for process in processes { process.signalGroup(SIGTERM) } }
        let below = processes.map { ProcessSelection.descendants(of: $0.pid) }
        let events = self.services.events
        self.services.reactor.terminate(
            [.marked(variable: Self.mark, value: self.mark(round))] + below, attendants: attendants,
            grace: self.spec.failureGrace
        ) { _ in events.yield(.roundCleared(round)) }
    }

    func roundCleared(_ round: LaunchRound) {
        guard self.round?.round == round else { return }
        self.endRound()
    }

    private func endRound() {
        guard let round = self.round?.round else { return }
        self.round = nil
        self.heldFiles.remove()
        self.log?.flush()
        self.toControl(.launchEnded(round: round))
    }
}
