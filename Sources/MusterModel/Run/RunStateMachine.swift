/// A run: which tasks there are, which are ready, and how it ends.
///
///     started ─▶ running ──attempt ended (last)──▶ finished ──ended──▶ over
///                  │  ▲                               ▲
///                  │  └─ retry, next tasks            │
///                  └── final failure / cancelled ─▶ draining (nothing new; running attempts end)
///
/// Events in, actions out; no I/O and no clock. Replaying a run's events rebuilds it; ``ready`` and ``running`` are
/// then the tasks that an engine has to continue with.
package struct RunStateMachine: Sendable {
    package enum Phase: Sendable, Equatable {
        case idle
        case running
        /// No new attempt starts; attempts that run may end.
        case draining(RunVerdict)
        case over(RunVerdict)
    }

    package enum Action: Sendable, Equatable {
        /// The task's next attempt can be started, `seconds` from now.
        case prepare(task: Int, attempt: Int, seconds: Double)
    }

    package let manifest: FlowManifest
    package private(set) var phase: Phase = .idle
    /// By number; `tasks[0]` is task 1.
    package private(set) var tasks: [RunTask] = []
    private var steps: [String: StepManifest] = [:]
    /// Tasks that wait at a join for their siblings, by the task that fanned out.
    private var waiting: [Int: WaitingJoin] = [:]
    /// The reason of the first `cancelled`.
    package private(set) var cancellation: TaskFailure?
    private var runningCount = 0
    private var openCount = 0

    package init(manifest: FlowManifest) {
        self.manifest = manifest
        for step in manifest.steps { self.steps[step.name] = step }
    }

    package subscript(number: Int) -> RunTask { self.tasks[number - 1] }

    /// Tasks whose next attempt has not been started, in order of creation.
    package var ready: [RunTask] { self.tasks.filter { if case .ready = $0.status { true } else { false } } }
    /// Tasks with an attempt that was started and has not ended.
    package var running: [RunTask] { self.tasks.filter { if case .running = $0.status { true } else { false } } }

    /// The verdict with which the run has to end now; nil while a task runs or will run.
    package var dueVerdict: RunVerdict? {
        switch self.phase {
        case .draining(let verdict) where self.runningCount == 0: verdict
        case .running where self.openCount == 0: .succeeded
        default: nil
        }
    }

    /// Applies `event`.
    /// - Throws: ``IllegalRunEvent`` when the event cannot happen in this state; the state is then unchanged.
    package mutating func handle(_ event: RunEvent) throws(IllegalRunEvent) -> [Action] {
        switch (self.phase, event) {
        case (.idle, .started):
            self.phase = .running
            return [self.create(step: self.manifest.startName, parents: [], slot: 0, scopes: [], nodes: nil)]

        case (.running, .attemptStarted(let number, let attempt)):
            try self.require(number, is: .ready(attempt: attempt), event)
            self.update(number) {
                $0.status = .running(attempt: attempt)
                $0.attempts = attempt + 1
                $0.job = nil
            }
            self.runningCount += 1
            return []

        case (.running, .attemptSubmitted(let number, let attempt, let job)),
            (.draining, .attemptSubmitted(let number, let attempt, let job)):
            try self.require(number, is: .running(attempt: attempt), event)
            self.update(number) { $0.job = job }
            return []

        case (.running, .attemptSucceeded(let number, let attempt, let results)),
            (.draining, .attemptSucceeded(let number, let attempt, let results)):
            try self.require(number, is: .running(attempt: attempt), event)
            try self.check(results, of: number, event)
            self.runningCount -= 1
            return self.complete(number, results: results)

        case (.running, .attemptFailed(let number, let attempt, let failure, let caught, let left)),
            (.draining, .attemptFailed(let number, let attempt, let failure, let caught, let left)):
            try self.require(number, is: .running(attempt: attempt), event)
            if let caught { try self.check(caught, of: number, event) }
            self.runningCount -= 1
            self.update(number) { $0.left = left ?? [:] }
            return self.fail(number, attempt: attempt, failure: failure, caught: caught)

        case (.running, .attemptInterrupted(let number, let attempt)),
            (.draining, .attemptInterrupted(let number, let attempt)):
            try self.require(number, is: .running(attempt: attempt), event)
            self.runningCount -= 1
            self.update(number) { $0.status = .ready(attempt: attempt + 1) }
            guard self.phase == .running else { return [] }
            return [.prepare(task: number, attempt: attempt + 1, seconds: 0)]

        case (.running, .cloned(let number, let run, let origin, let results)):
            try self.require(number, is: .ready(attempt: 0), event)
            try self.check(results, of: number, event)
            self.update(number) { $0.clonedFrom = "\(run)/\(origin)" }
            return self.complete(number, results: results)

        case (.running, .cancelled(let failure)), (.draining, .cancelled(let failure)):
            self.phase = .draining(.cancelled)
            self.cancellation = self.cancellation ?? failure
            return []

        case (_, .ended(let verdict)) where self.dueVerdict == verdict:
            self.phase = .over(verdict)
            return []

        default:
            throw IllegalRunEvent(event: event, reason: "the run is \(self.phase)")
        }
    }

    // MARK: - Ends of attempts

    private mutating func complete(_ number: Int, results: [NodeResult]) -> [Action] {
        self.openCount -= 1
        self.update(number) {
            $0.status = .succeeded
            $0.results = results
        }
        guard self.phase == .running else { return [] }
        let task = self[number]
        switch results[0].transition {
        case .end:
            return []
        case .step(let name) where self.steps[name]?.join != nil:
            return self.arrive(task, at: name)
        case .step(let name):
            return [self.create(step: name, parents: [number], slot: 0, scopes: task.scopes, nodes: nil)]
        case .branches(let names):
            return names.enumerated().map { index, name in
                let scope = Scope(origin: number, step: task.step, index: index, count: names.count, isForeach: false)
                return self.create(
                    step: name, parents: [number], slot: index, scopes: task.scopes + [scope], nodes: nil)
            }
        case .foreach(let name, let count):
            return (0..<count).map { index in
                let scope = Scope(origin: number, step: task.step, index: index, count: count, isForeach: true)
                return self.create(
                    step: name, parents: [number], slot: index, scopes: task.scopes + [scope], nodes: nil)
            }
        case .nodes(let name, let count, let minimum):
            return [
                self.create(step: name, parents: [number], slot: 0, scopes: task.scopes, nodes: count, minimum: minimum)
            ]
        }
    }

    private mutating func fail(
        _ number: Int, attempt: Int, failure: TaskFailure, caught: [NodeResult]?
    ) -> [Action] {
        let delay = self.retryDelay(after: failure, of: number)
        self.update(number) {
            switch failure.code.fault {
            // Waiting for a place has no budget.
            case .place where failure.code == .split: break
            case .place: $0.placeFailures += 1
            case .user, .muster: $0.failures += 1
            }
            $0.failure = failure
        }
        if let caught {
            self.update(number) { $0.wasCaught = true }
            return self.complete(number, results: caught)
        }
        if let delay {
            self.update(number) { $0.status = .ready(attempt: attempt + 1) }
            return [.prepare(task: number, attempt: attempt + 1, seconds: delay)]
        }
        self.openCount -= 1
        self.update(number) { $0.status = .failed }
        if self.phase == .running { self.phase = .draining(.failed) }
        return []
    }

    /// Seconds until the next attempt of a running task that fails for the reason given; nil when there is none.
    package func retryDelay(after failure: TaskFailure, of number: Int) -> Double? {
        guard self.phase == .running, failure.code.canRetry else { return nil }
        let task = self[number]
        if failure.code == .split { return failure.retryAfter ?? PlaceRetry.delays[0] }
        if failure.code.fault == .place { return PlaceRetry.delay(after: task.placeFailures) }
        guard let retry = self.steps[task.step]?.settings.retry, task.failures < retry.times else { return nil }
        return retry.minutesBetween * 60
    }

    /// A task has come to a join: the join starts when all of its siblings have come.
    private mutating func arrive(_ task: RunTask, at join: String) -> [Action] {
        if task.nodes != nil {
            return [self.create(step: join, parents: [task.number], slot: 0, scopes: task.scopes, nodes: nil)]
        }
        guard let scope = task.scopes.last else { return [] }
        var waiting = self.waiting[scope.origin] ?? WaitingJoin(join: join, arrived: [:])
        waiting.arrived[scope.index] = task.number
        guard waiting.arrived.count == scope.count else {
            self.waiting[scope.origin] = waiting
            return []
        }
        self.waiting[scope.origin] = nil
        let parents = waiting.arrived.sorted { $0.key < $1.key }.map(\.value)
        return [self.create(step: join, parents: parents, slot: 0, scopes: task.scopes.dropLast(), nodes: nil)]
    }

    // MARK: - Tasks

    private mutating func create(
        step: String, parents: [Int], slot: Int, scopes: [Scope], nodes: Int?, minimum: Int? = nil
    ) -> Action {
        let number = self.tasks.count + 1
        self.tasks.append(
            RunTask(
                number: number, step: step, parents: parents, slot: slot, scopes: scopes, nodes: nodes, minimum: minimum
            ))
        self.openCount += 1
        return .prepare(task: number, attempt: 0, seconds: 0)
    }

    private mutating func update(_ number: Int, _ change: (inout RunTask) -> Void) {
        change(&self.tasks[number - 1])
    }

    private func require(_ number: Int, is status: RunTask.Status, _ event: RunEvent) throws(IllegalRunEvent) {
        guard self.tasks.indices.contains(number - 1) else {
            throw IllegalRunEvent(event: event, reason: "there is no task \(number)")
        }
        guard self[number].status == status else {
            throw IllegalRunEvent(event: event, reason: "task \(number) is \(self[number].status)")
        }
    }

    private func check(_ results: [NodeResult], of number: Int, _ event: RunEvent) throws(IllegalRunEvent) {
        let task = self[number]
        if let problem = TransitionRules.problem(
            with: results, of: task, waitingJoin: self.joinAwaited(by: task), in: self.manifest)
        {
            throw IllegalRunEvent(event: event, reason: problem.message)
        }
    }

    /// The join at which a sibling of `task` already waits: `task` has to come to the same one.
    package func joinAwaited(by task: RunTask) -> String? {
        task.scopes.last.flatMap { self.waiting[$0.origin]?.join }
    }
}

/// Siblings that have come to a join, by their index within the fan-out.
private struct WaitingJoin: Sendable {
    let join: String
    var arrived: [Int: Int]
}

/// An event that cannot happen in the state the run is in: the event log is not of this flow, or is damaged.
package struct IllegalRunEvent: Error, CustomStringConvertible {
    package let event: RunEvent
    package let reason: String

    package var description: String { "the event \(self.event) cannot be applied: \(self.reason)" }
}
