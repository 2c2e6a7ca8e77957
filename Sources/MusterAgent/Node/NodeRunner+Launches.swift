import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

/// Launches of a framework: asked for by the step, started and stopped by the gang's control on all nodes alike.
extension NodeRunner {
    /// Marks the processes of one round, so that each is found when the round has to end.
    private static let mark = "MUSTER_LAUNCH"

    private func mark(_ round: LaunchRound) -> String {
        let scope = NodeEnvironment.scopeValue(attempt: self.spec.attempt, index: self.spec.index)
        return "\(scope)/\(round.launch)-\(round.restart)"
    }

    // MARK: Asking

    func requestLaunch(_ name: String, _ options: [String: JSONValue], _ connection: SocketConnection) {
        do {
            guard self.launch == nil else {
                throw AgentError(
                    "\(name) was started while a launch of this step still runs; start one after the other")
            }
            let request = try self.check(name, options)
            self.launchCount += 1
            self.launch = NodeLaunch(number: self.launchCount, connection: connection, request: request)
            self.toControl(.launchRequested(launch: self.launchCount, request: request))
        } catch {
            self.answer(connection, .failed(failure: self.blame("step").failure(.contract, "\(error)")))
        }
    }

    /// Before any other node hears of it: what cannot work is refused where it was asked for.
    private func check(_ name: String, _ options: [String: JSONValue]) throws -> LaunchRequest {
        let settings = self.spec.framework.map { $0.name == name ? $0.options : [:] } ?? [:]
        let facts = NodeFacts(
            index: self.spec.index, size: self.spec.size, cpus: self.spec.cpus, gpus: self.spec.gpus,
            environment: self.environment)
        let checked = try Frameworks.named(name).check(options: options, settings: settings, node: facts)
        for file in checked.files {
            let path = file.hasPrefix("/") ? file : "\(self.folder.work)/\(file)"
            guard access(path, R_OK) == 0 else {
                throw AgentError(
                    "\(name): the entrypoint \(file) does not exist in the work folder \(self.folder.work); it has to be a file "
                        + "of the flow's folder that is packaged with it")
            }
        }
        return checked.request
    }

    func answerLaunch(_ number: Int, _ failure: TaskFailure?) {
        guard let launch = self.launch, launch.number == number else { return }
        self.launch = nil
        self.answer(launch.connection, failure.map { .failed(failure: $0) } ?? .done)
    }

    // MARK: Rounds

    func startRound(_ round: LaunchRound, port: Int, _ processes: [Int]) {
        guard self.launch?.number == round.launch, let request = self.launch?.request, !self.isClearing else { return }
        self.launch?.round = NodeRound(round: round)
        do {
            guard let roster = self.roster, processes.count == roster.count else {
                throw AgentError("the launch names \(processes.count) nodes")
            }
            guard mkdir(self.folder.launch(round), 0o700) == 0 else {
                throw AgentError.system("make the folder \(self.folder.launch(round))")
            }
            let context = LaunchContext(
                roster: roster, node: self.spec.index, round: round, port: port, processes: processes,
                runID: self.spec.attempt.folder.map { $0 == "/" ? "-" : String($0) }.joined() + "-\(round.launch)",
                python: self.spec.task.python, environment: self.environment, folder: self.folder.launch(round))
            let plan = try Frameworks.named(request.framework).plan(request, context)
            for (index, process) in plan.processes.enumerated() { try self.startWorker(index, process, round) }
            if plan.processes.isEmpty { self.endRound() }
        } catch {
            self.failRound(self.blame("step").failure(.environment, "\(error)"))
        }
    }

    private func startWorker(_ index: Int, _ planned: PlannedProcess, _ round: LaunchRound) throws {
        let tail = OutputTail()
        var environment = planned.environment
        environment[Self.mark] = self.mark(round)
        let events = self.services.events
        self.launch?.round?.planned.append(planned)
        self.launch?.round?.tails.append(tail)
        do throws(SpawnError) {
            let process = try self.spawn(planned.arguments, environment, process: 1 + index, tail) {
                events.yield(.workerExited(round: round, worker: index, $0))
            }
            self.launch?.round?.running[index] = process
        } catch {
            throw AgentError("\(planned.label): \(error.message)")
        }
    }

    func workerExited(_ round: LaunchRound, _ worker: Int, _ status: ExitStatus) {
        guard let current = self.launch?.round, current.round == round else { return }
        self.launch?.round?.running[worker] = nil
        guard !current.isStopping else { return }
        if !status.isSuccess {
            let planned = current.planned[worker]
            let detail = planned.errorFile.flatMap(TorchError.message)
            let blame = self.blame(planned.label)
            self.failRound(blame.failure(status, detail: detail, lastLines: current.tails[worker].lastLines))
        } else if self.launch?.round?.running.isEmpty == true {
            self.endRound()
        }
    }

    private func failRound(_ failure: TaskFailure) {
        guard let round = self.launch?.round?.round else { return }
        self.toControl(.launchFailed(round: round, failure: failure))
        self.stopRound(round)
    }

    /// Ends what is left of a round, daemons of its processes included.
    func stopRound(_ round: LaunchRound) {
        guard let current = self.launch?.round, current.round == round, !current.isStopping, !self.isClearing else {
            return
        }
        self.launch?.round?.isStopping = true
        for process in current.running.values { process.signalGroup(SIGTERM) }
        let below = current.running.values.map { ProcessSelection.descendants(of: $0.pid) }
        let events = self.services.events
        self.services.reactor.terminate(
            [.marked(variable: Self.mark, value: self.mark(round))] + below, grace: self.spec.grace
        ) { _ in events.yield(.roundCleared(round)) }
    }

    func roundCleared(_ round: LaunchRound) {
        guard self.launch?.round?.round == round else { return }
        self.endRound()
    }

    private func endRound() {
        guard let round = self.launch?.round?.round else { return }
        self.launch?.round = nil
        self.log?.flush()
        self.toControl(.launchEnded(round: round))
    }
}
