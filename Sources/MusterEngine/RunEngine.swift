import Foundation
package import Logging
package import MusterBackends
package import MusterMetadata
package import MusterModel
package import MusterStore
package import MusterWire

/// Moves one run forward: a short loop around ``RunStateMachine``.
///
///     inputs ─▶ events ─▶ state machine ─▶ stored ─▶ actions ─▶ gangs submitted ─▶ inputs …
///
/// Events are stored before anything is done about them, so an engine that is killed at any instant is continued by
/// another one from the same events.
package actor RunEngine {
    let record: RunRecord
    let metadata: any MetadataStore
    let layout: StoreLayout
    let artifacts: ArtifactStore
    let runners: GangRunners
    let environments: any StepEnvironments
    let origin: OriginRun?
    let fanOutLimit: FanOutLimit?
    /// Of a store in a bucket, as is the courier.
    let address: BucketAddress?
    let courier: (any StoreCourier)?
    let attempts: (any AttemptCourier)?
    /// The folder in which steps run in place, and the source there; nil: each in a copy of the code package.
    var source: SourceWatch?
    let observe: @Sendable (EngineObservation) -> Void
    let log: EngineLog
    nonisolated let inbox = EngineInbox()

    var machine: RunStateMachine
    var queue: ReadyQueue
    /// By place; a place with a queue has none, unless the user has limited the nodes that run at once.
    var reservations: [String: Reservations] = [:]
    /// The Python of steps with packages of their own, as soon as it has been made.
    var pythons: [String: StepPython] = [:]
    /// Tasks that wait for their step's environment.
    var waitingForEnvironment: [String: [ReadyQueue.Entry]] = [:]
    /// Tasks of this run to tasks of the origin that they were cloned from.
    var clones: [Int: Int] = [:]
    var items = ItemLists()
    var warnedSteps: Set<String> = []
    /// Environments to make and delays to wait for, started by the loop that owns their tasks.
    var backgroundJobs: [BackgroundJob] = []
    /// Gangs whose artifacts are on their way from the bucket.
    var fetching: [Int: Start] = [:]
    var isCancelling = false
    /// Events that have been applied and not stored yet. They are stored before the engine acts on them.
    private var unstored: [RunEvent] = []
    /// How many events of the run this engine has read or stored. An engine that was taken over can store nothing more.
    var storedCount = 0
    private(set) var verdict: RunVerdict?

    /// Work that runs beside the engine's loop and posts its result into the inbox.
    enum BackgroundJob: Sendable {
        /// - Parameter isCarried: The step's nodes make it for themselves.
        case environment(step: String, PythonRequirements, isCarried: Bool)
        case delay(task: Int, attempt: Int, seconds: Double)
        case fetch(task: Int, attempt: Int, [ArtifactReference])
        /// Take the artifacts of the report to the bucket.
        case keep(AttemptID, GangReport)
    }

    /// - Parameters:
    ///   - record: The run; it stands in `metadata` already.
    ///   - runners: The runners of the places where its steps may run.
    ///   - settings: The most nodes at once in a place without a queue, the widest foreach, and the engine's own bounds.
    ///   - origin: The run that this one resumes.
    ///   - source: The source on which its steps run in place; nil when each runs in a copy of the code package.
    ///   - log: The engine's own log.
    ///   - courier: Carries artifacts; nil for a store that is a folder.
    ///   - attempts: Carries the objects of attempts, as the runners do; nil where all nodes see the store's folder.
    ///   - observe: Called with the run's observations in order; it must not block the engine.
    package init(
        record: RunRecord, metadata: any MetadataStore, layout: StoreLayout, runners: GangRunners,
        environments: any StepEnvironments, settings: Settings, origin: OriginRun? = nil,
        source: SourceWatch? = nil, log: Logger = .silent, courier: (any StoreCourier)? = nil,
        attempts: (any AttemptCourier)? = nil,
        observe: @escaping @Sendable (EngineObservation) -> Void
    ) {
        self.record = record
        self.metadata = metadata
        self.layout = layout
        self.artifacts = ArtifactStore(layout)
        self.runners = runners
        self.environments = environments
        self.origin = origin
        self.address = settings.store.flatMap(BucketAddress.init)
        self.courier = courier
        self.attempts = attempts
        self.fanOutLimit = settings.run.maxNumSplits.map(FanOutLimit.init(count:))
        self.queue = ReadyQueue(
            window: settings.engine.queueWindow, mostOvertakings: settings.engine.queueOvertakings)
        self.source = source
        let engineLog = EngineLog(log, run: record.key)
        self.log = engineLog
        let gangs = GangRecorder(layout)
        self.observe = { observation in
            engineLog.note(observation)
            gangs.note(observation)
            observe(observation)
        }
        self.machine = RunStateMachine(manifest: record.manifest)
        for runner in runners.all {
            guard let capacity = runner.capabilities.capacity else { continue }
            self.reservations[runner.name] = Reservations(capacity: capacity, maxWorkers: settings.run.maxWorkers)
        }
    }

    /// Asks for the end of the run: nothing new starts, running gangs are stopped. May be called from anywhere.
    package nonisolated func cancel(reason: String) {
        self.inbox.post(.cancel(reason: reason))
    }

    /// Moves the run to its end, from its beginning or from where its events stop.
    /// - Throws: ``EngineError``, `MetadataError` or `StoreError`; the run can then be resumed.
    package func run() async throws -> RunVerdict {
        self.listen()
        try await self.takeUp()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            let inbox = self.inbox
            try await self.startReady()
            self.startBackgroundJobs(in: &group)
            while self.verdict == nil {
                let inputs = await inbox.next()
                try Task.checkCancellation()
                try await self.process(inputs)
                self.startBackgroundJobs(in: &group)
            }
            group.cancelAll()
            await self.runners.rest()
            self.lookAtSource(isLast: true)
            // Stale files of the last agents are reported when those have exited.
            for case .observed(let observation) in inbox.rest() { self.relay(observation) }
            let verdict = self.verdict ?? .failed
            self.observe(.runFinished(outcome: self.outcome(verdict)))
            return verdict
        }
    }

    /// Clones every task of the origin that has succeeded, and starts none.
    /// - Returns: The verdict of a run that is complete with the clones; nil for one that can be resumed.
    /// - Throws: As ``run()``.
    package func takeOver() async throws -> RunVerdict? {
        try await self.takeUp()
        while case .running = self.machine.phase, try await self.cloneReady() {}
        try await self.store()
        if let verdict = self.verdict { self.observe(.runFinished(outcome: self.outcome(verdict))) }
        return self.verdict
    }

    // MARK: - Events

    /// Applies and stores `events`.
    func commit(_ events: [RunEvent]) async throws {
        try self.apply(events)
        try await self.store()
    }

    /// Applies `events`, and the end of the run if they lead to it. ``store()`` must follow before any action on them;
    /// it stores all of them in one transaction.
    func apply(_ events: [RunEvent]) throws {
        var actions: [RunStateMachine.Action] = []
        for event in events { actions += try self.machine.handle(event) }
        self.unstored += events
        if let verdict = self.machine.dueVerdict {
            _ = try self.machine.handle(.ended(verdict: verdict))
            self.unstored.append(.ended(verdict: verdict))
            self.verdict = verdict
        }
        for case .prepare(let task, let attempt, let seconds) in actions {
            self.prepare(task, attempt: attempt, after: seconds)
        }
    }

    /// Stores what has been applied.
    func store() async throws {
        guard !self.unstored.isEmpty else { return }
        let events = self.unstored
        self.unstored = []
        self.log.stored(events.count)
        try await self.metadata.append(
            events, to: self.record.key, at: Date().timeIntervalSince1970, after: self.storedCount)
        self.storedCount += events.count
    }

    private func prepare(_ task: Int, attempt: Int, after seconds: Double) {
        if seconds > 0 {
            self.backgroundJobs.append(.delay(task: task, attempt: attempt, seconds: seconds))
        } else {
            self.queue.append(ReadyQueue.Entry(task: task, attempt: attempt))
        }
    }

    func process(_ inputs: [EngineInput]) async throws {
        for input in inputs {
            switch input {
            case .observed(let observation):
                if self.courier != nil, case .finished(let report) = observation.event {
                    self.backgroundJobs.append(.keep(observation.attempt, report))
                } else {
                    try self.apply(self.events(of: observation))
                }
            case .kept(let observation):
                try self.apply(self.events(of: observation))
            case .fetched(let task, let attempt, let problem):
                try await self.fetched(task, attempt, problem)
            case .due(let task, let attempt):
                self.queue.append(ReadyQueue.Entry(task: task, attempt: attempt))
            case .progress(let step, let message):
                self.observe(.environment(step: step, message: message))
            case .environment(let step, let result):
                try await self.environmentArrived(step: step, result)
            case .cancel(let reason):
                try await self.beginCancelling(reason: reason)
            }
        }
        try await self.startReady()
    }

    func beginCancelling(reason: String) async throws {
        guard !self.isCancelling, self.verdict == nil else { return }
        self.isCancelling = true
        self.observe(.cancelling(reason: reason))
        let failure = TaskFailure(code: .cancelled, message: reason)
        try await self.commit([.cancelled(failure: failure)])
        for task in self.machine.running {
            if case .running(let attempt) = task.status {
                let runner = self.runner(of: task)
                await runner.cancel(self.attemptID(task, attempt), because: failure)
            }
        }
    }

    // MARK: - Background jobs

    func startBackgroundJobs(in group: inout ThrowingTaskGroup<Void, any Error>) {
        let inbox = self.inbox
        let (environments, courier) = (self.environments, self.courier)
        for job in self.backgroundJobs {
            switch job {
            case .delay(let task, let attempt, let seconds):
                group.addTask {
                    try? await Task.sleep(for: .seconds(seconds))
                    inbox.post(.due(task: task, attempt: attempt))
                }
            case .fetch(let task, let attempt, let references):
                group.addTask {
                    var problem: String?
                    do { try await courier?.fetch(references) } catch { problem = "\(error)" }
                    inbox.post(.fetched(task: task, attempt: attempt, problem: problem))
                }
            case .keep(let attempt, let report):
                group.addTask {
                    var report = report
                    do { try await courier?.store(report.references) } catch {
                        report.failure = report.failure ?? TaskFailure(code: .store, message: "\(error)")
                    }
                    inbox.post(.kept(GangObservation(attempt: attempt, event: .finished(report))))
                }
            case .environment(let step, let requirements, let isCarried):
                group.addTask {
                    let result: Result<StepPython, TaskFailure>
                    do {
                        result = .success(
                            try await environments.python(for: requirements, isCarried: isCarried) {
                                inbox.post(.progress(step: step, message: $0))
                            })
                    } catch {
                        result = .failure(TaskFailure(code: .environment, message: "\(error)"))
                    }
                    inbox.post(.environment(step: step, result))
                }
            }
        }
        self.backgroundJobs = []
    }

    private func outcome(_ verdict: RunVerdict) -> RunOutcome {
        switch verdict {
        case .succeeded: return .succeeded
        case .cancelled: return .cancelled(reason: self.machine.cancellation?.message ?? "cancelled")
        case .failed:
            let task = self.machine.tasks.first { $0.status == .failed }
            let failure = task?.failure ?? TaskFailure(code: .contract, message: "the run ended early")
            return .failed(task: task.map { TaskLabel(step: $0.step, number: $0.number) }, failure: failure)
        }
    }

    /// Subscribes to the observations of the runners.
    func listen() {
        let inbox = self.inbox
        self.runners.observe { inbox.post(.observed($0)) }
    }

    /// The runner of the task's place.
    func runner(of task: RunTask) -> any GangRunner {
        self.runners[self.record.manifest.step(task.step)?.settings ?? StepSettings()]
    }

    func attemptID(_ task: RunTask, _ attempt: Int) -> AttemptID {
        AttemptID(flow: self.record.flow, run: self.record.run, step: task.step, task: task.number, attempt: attempt)
    }
}
