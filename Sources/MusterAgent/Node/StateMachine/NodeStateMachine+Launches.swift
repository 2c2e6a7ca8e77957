import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

/// Launches of a framework: the step body asks, the gang's control starts and stops their rounds on all nodes alike.
extension NodeStateMachine {
    /// The value of ``NodeProcesses/mark`` for the processes of a round.
    func mark(_ round: LaunchRound) -> String {
        let scope = NodeEnvironment.scopeValue(attempt: self.spec.attempt, index: self.spec.index)
        return "\(scope)/\(round.launch)-\(round.restart)"
    }

    // MARK: Asking

    mutating func requestLaunch(_ name: String, _ options: [String: JSONValue], _ connection: RequestConnection) {
        guard self.launch == nil else {
            return self.refuse(
                "\(name) was started while a launch of this step still runs; start one after the other", connection)
        }
        self.launchCount += 1
        self.launch = NodeLaunch(number: self.launchCount, connection: connection)
        let settings = self.spec.framework.map { $0.name == name ? $0.options : [:] } ?? [:]
        // A launch that cannot work is refused here, before any other node hears of it.
        self.emit(
            .check(
                launch: self.launchCount,
                .check(framework: name, options: options, settings: settings, nodes: self.facts)))
    }

    mutating func refuse(_ reason: String, _ connection: RequestConnection) {
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

    mutating func launchChecked(_ number: Int, _ answer: Result<[CheckedLaunch], AgentError>) {
        guard let launch = self.launch, launch.number == number, self.isActive else { return }
        switch answer {
        case .success(let checked) where checked.count == self.spec.size:
            var request = checked[0].request
            request.files = checked[0].files
            if request.asker == .controlNode {
                request.processesOfAll = self.inNodeOrder(checked.map(\.request.processes))
            }
            self.launch?.request = request
            self.emit(.tell(.launchRequested(launch: number, request: request)))
        case .success:
            self.refuseLaunch(AgentError.wrongAnswer(self.spec.framework?.name ?? ""), launch.connection)
        case .failure(let error): self.refuseLaunch(error, launch.connection)
        }
    }

    /// The refused launch does not count: the body's next one has its number.
    private mutating func refuseLaunch(_ error: AgentError, _ connection: RequestConnection) {
        self.launch = nil
        self.launchCount -= 1
        self.refuse(error.message, connection)
    }

    /// From this node's first to node order.
    private func inNodeOrder(_ values: [Int]) -> [Int] {
        var ordered = Array(values.dropFirst())
        ordered.insert(values[0], at: self.spec.index)
        return ordered
    }

    mutating func answerLaunch(_ number: Int, _ failure: TaskFailure?) {
        guard let launch = self.launch, launch.number == number else { return }
        self.launch = nil
        guard let failure else { return self.answer(launch.connection, .done) }
        self.told.append(ToldFailure(failure: failure, isOfLaunch: true))
        self.answer(launch.connection, .failed(failure: failure))
    }

    // MARK: Rounds

    mutating func startRound(_ round: LaunchRound, port: Int, _ processes: [Int], _ request: LaunchRequest?) {
        guard let request = request ?? self.launch?.request, self.isUp, self.round == nil else { return }
        self.round = NodeRound(round)
        guard let roster = self.roster, processes.count == roster.count else {
            return self.failRound(.environment, "the launch names \(processes.count) nodes")
        }
        self.emit(
            .plan(
                request,
                LaunchContext(
                    roster: roster, node: self.spec.index, round: round, port: port, processes: processes,
                    runID: "\(self.clusterID)-\(round.launch)", python: self.spec.task.python,
                    environment: self.environment, folder: self.folder.launch(round))))
    }

    /// The round, while it is in `phase` and nothing has begun to end it.
    private func current(_ round: LaunchRound) -> NodeRound? {
        guard let current = self.round, current.round == round, !current.isEnding, !self.isEnding else { return nil }
        return current
    }

    mutating func roundPlanned(_ round: LaunchRound, _ answer: Result<LaunchPlan, AgentError>) {
        guard self.current(round) != nil else { return }
        switch answer {
        case .failure(let error): self.failRound(.environment, error.message)
        case .success(let plan):
            self.round?.plan = plan
            self.emit([.expectLockFiles(plan.staleFiles), .write(plan.files, round)])
        }
    }

    mutating func filesWritten(_ round: LaunchRound, _ problem: AgentError?) {
        guard let current = self.current(round), case .planning(let early) = current.phase else { return }
        if let problem { return self.failRound(.environment, problem.message) }
        self.round?.phase = .running
        for (index, process) in current.plan.processes.enumerated() {
            self.round?.workers.insert(index)
            self.emit(.start(.worker(round, index), process, mark: self.mark(round)))
        }
        for command in early { self.startRemote(command.id, round, command.text) }
        guard current.plan.processes.isEmpty else { return }
        if current.plan.remote == nil { self.endRound() } else { self.emit(.tell(.launchHosting(round: round))) }
    }

    mutating func workerNotStarted(_ round: LaunchRound, _ index: Int, _ reason: String) {
        guard let current = self.round, current.round == round else { return }
        self.round?.workers.remove(index)
        guard self.current(round) != nil else { return }
        self.failRound(.environment, "\(current.plan.processes[index].label): \(reason)")
    }

    mutating func workerExited(_ round: LaunchRound, _ index: Int, _ status: ExitStatus, _ report: ProcessReport) {
        guard let current = self.round, current.round == round else { return }
        self.round?.workers.remove(index)
        guard self.current(round) != nil else { return }
        let planned = current.plan.processes[index]
        self.judge(
            ProcessExit(planned.label, .planned, status, lastLines: report.lastLines), detail: report.error)
        guard let left = self.round, left.workers.isEmpty, !left.isEnding, left.suspicion == nil else { return }
        self.endRound()
    }

    /// Weighs one more exit of the round, by the framework's reading of exits.
    mutating func judge(_ exit: ProcessExit, detail: String? = nil) {
        guard let current = self.round, !current.isEnding, !self.isEnding else { return }
        let reading = current.plan.reading
        let evidence = reading.evidence(of: exit)
        if !reading.isSuccess(exit), evidence == .silence || evidence == .hearsay {
            if current.suspicion == nil { self.round?.suspicion = .launcher }
            return self.report(self.blame(exit.label).failure(exit, detail: detail), evidence)
        }
        self.round?.exits.append(exit)
        guard let cause = reading.verdict(on: current.exits + [exit]) else { return }
        self.failRound(
            self.blame(cause.label).failure(cause, detail: cause == exit ? detail : nil), reading.evidence(of: cause))
    }

    /// Reports a failure of which another node may know the cause. The round goes on here until the control node decides.
    mutating func report(_ failure: TaskFailure, _ evidence: LaunchEvidence) {
        guard let round = self.round?.round else { return }
        self.emit(.tell(.launchFailed(round: round, failure: failure, evidence: evidence)))
    }

    private mutating func failRound(_ code: TaskFailure.Code, _ reason: String) {
        self.failRound(self.blame("step").failure(code, reason))
    }

    mutating func failRound(_ failure: TaskFailure, _ evidence: LaunchEvidence = .end) {
        guard let round = self.round?.round else { return }
        self.report(failure, evidence)
        self.stopRound(round)
    }

    /// Ends the rest of a round, daemons of its processes included.
    mutating func stopRound(_ round: LaunchRound) {
        guard let current = self.current(round) else { return }
        self.round?.phase = .ending
        self.emit(.endRound(current.processes(mark: self.mark(round))))
    }

    mutating func endRound() {
        guard let round = self.round?.round else { return }
        self.round = nil
        self.emit([.tidyRound, .tell(.launchEnded(round: round))])
    }
}
