import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

/// The step body: its start, its end and its result.
extension NodeStateMachine {
    mutating func start(_ roster: Roster, now: Double) {
        guard self.phase == .waiting else { return }
        self.spec.size = roster.count
        self.spec.index = roster.nodes.firstIndex { $0.index == self.spec.index } ?? self.spec.index
        self.roster = roster
        if self.spec.timeoutPatience != nil { self.spec.task.deadline = self.spec.timeout.map { now + $0 } }
        self.phase = .preparing
        guard var problem = self.problem else { return self.emit(.prepare(roster)) }
        problem.node = self.spec.index
        self.end(.failed(failure: problem))
    }

    mutating func prepared(_ environment: [String: String]) {
        guard self.phase == .preparing else { return }
        self.environment = environment
        guard self.spec.framework != nil else { return self.startBody() }
        self.phase = .settingUp
        self.emit(.prepareServices(package: self.setup.package))
    }

    /// Everything that the body needs is up.
    mutating func startBody() {
        guard let roster = self.roster else { return }
        let hasBody = self.setup.bodies == .everyNode || self.spec.index == 0
        self.phase = .running(hasBody ? .running : .none)
        self.emit(
            .startBody(StepEnvironment.task(self.spec, roster: roster, folder: self.folder), hasBody: hasBody))
        let early = self.early
        self.early = []
        for message in early { self.obeyBody(message) }
    }

    mutating func couldNotStart(_ code: TaskFailure.Code, _ reason: String) {
        self.end(.failed(failure: self.blame("step").failure(code, "the step could not be started: \(reason)")))
    }

    mutating func served(_ outcome: StepServer.Outcome) {
        switch outcome {
        case .ended(let status, let leavesNothing):
            self.stepLeftNothing = leavesNothing
            self.stepExited(status)
        case .refused:
            if self.phase == .running(.running) { self.emit(.spawnStep) }
        }
    }

    mutating func stepExited(_ status: ExitStatus) {
        guard self.phase == .running(.running) else { return }
        if status == .signaled(SIGSEGV) {
            self.emit(.say("the step was ended by a segmentation fault, in compiled code that it ran"))
        }
        self.phase = .running(.collecting)
        self.emit(.collect(status, leavesNothing: self.leavesNothing, told: self.told))
    }

    /// No process is left that the step, or the agent for it, has started.
    var leavesNothing: Bool {
        self.stepLeftNothing && self.programCount == 0 && self.launchCount == 0 && self.services.started.isEmpty
    }

    /// Ends the body. After a failure nothing of it may live on, whatever the other nodes do.
    mutating func end(_ outcome: NodeOutcome) {
        guard self.isActive else { return }
        if !self.services.plan.logs.isEmpty { self.emit(.followLogs) }
        switch outcome {
        case .succeeded:
            guard case .running = self.phase else { return }
            self.phase = .draining(outcome)
            self.emit(.awaitLog)
        case .failed(let failure, _, _):
            // A failure is told at once: all other nodes wait for it.
            self.emit([.flushLog, .tell(.ended(outcome: outcome))])
            self.clear(after: failure, to: .stopping)
        }
    }

    mutating func logWritten() {
        switch self.phase {
        case .draining(let outcome):
            self.phase = .over
            self.emit([.flushLog, .tell(.ended(outcome: outcome))])
        case .leaving(let isReusable):
            self.phase = .released(isReusable: isReusable)
            self.emit([.flushLog, .tell(.released)])
        default: break
        }
    }

    // MARK: The end of everything

    mutating func release(after failure: TaskFailure?) {
        switch self.phase {
        case .releasing, .leaving, .released: break
        case .stopping: self.phase = .releasing
        case .stopped: self.leave(isReusable: false)
        case .waiting, .preparing, .settingUp, .running, .draining, .over: self.clear(after: failure, to: .releasing)
        }
    }

    private mutating func clear(after failure: TaskFailure?, to phase: Phase) {
        self.phase = phase
        self.emit(
            .clear(
                NodeClearing(
                    grace: self.spec.grace(after: failure), reuses: self.spec.reusable && failure == nil,
                    leavesNothing: self.leavesNothing,
                    round: self.round.map { $0.processes(mark: self.mark($0.round)) })))
        self.round?.phase = .ending
    }

    mutating func cleared(isReusable: Bool) {
        if self.phase == .stopping { self.phase = .stopped } else { self.leave(isReusable: isReusable) }
    }

    private mutating func leave(isReusable: Bool) {
        self.phase = .leaving(isReusable: isReusable)
        self.emit(.awaitLog)
    }
}
