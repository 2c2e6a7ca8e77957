package import MusterMetadata
package import MusterModel
package import MusterStore

/// The status of a run in the output of `list` and `status`.
package enum RunStatus: String, Codable, Sendable {
    case running, succeeded, failed, cancelled
    /// Not over, and no engine holds the run's lock.
    case interrupted

    package init(_ record: RunRecord, in layout: StoreLayout) {
        self.init(record.verdict, of: record.key, in: layout)
    }

    /// - Parameter verdict: nil of a run that has not ended.
    package init(_ verdict: RunVerdict?, of run: RunKey, in layout: StoreLayout) {
        switch verdict {
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        case nil:
            let holder = RunLock.holder(path: layout.runLock(flow: run.flow, run: run.run))
            self = holder == nil ? .interrupted : .running
        }
    }
}

/// A run with the state that its events lead to.
package struct RunState: Sendable {
    package private(set) var record: RunRecord
    package private(set) var status: RunStatus
    package private(set) var machine: RunStateMachine
    /// Events that have been applied.
    package private(set) var eventCount = 0
    /// By task, those that were started in this run, in their order.
    private var attempts: [Int: [AttemptTimes]] = [:]
    /// Unix seconds by task that was taken over.
    private var taken: [Int: Double] = [:]

    /// Reads all events of the run.
    package init(_ record: RunRecord, in layout: StoreLayout, _ metadata: any MetadataStore) async throws {
        self.record = record
        self.status = RunStatus(record, in: layout)
        self.machine = RunStateMachine(manifest: record.manifest)
        try self.apply(await metadata.events(of: record.key))
    }

    /// Reads the events that were appended since the last time, and the record.
    /// - Returns: The events that were read.
    @discardableResult
    package mutating func update(in layout: StoreLayout, _ metadata: any MetadataStore) async throws -> [RecordedEvent]
    {
        let events = try await metadata.events(of: self.record.key, after: self.eventCount)
        if let record = try await metadata.record(of: self.record.key) { self.record = record }
        self.status = RunStatus(self.record, in: layout)
        try self.apply(events)
        return events
    }

    private mutating func apply(_ events: [RecordedEvent]) throws {
        for recorded in events {
            do {
                _ = try self.machine.handle(recorded.event)
            } catch {
                throw HistoryError(
                    .store,
                    "the events of the run \(self.record.key) do not fit its flow: \(error); the store was damaged or written by another version"
                )
            }
            self.note(recorded)
        }
        self.eventCount += events.count
    }

    private mutating func note(_ recorded: RecordedEvent) {
        let time = recorded.time
        switch recorded.event {
        case .attemptStarted(let task, let attempt):
            self.attempts[task, default: []].append(AttemptTimes(attempt: attempt, started: time))
        case .attemptSucceeded(let task, _, _): self.end(task, .succeeded, time)
        case .attemptFailed(let task, _, let failure, _, _):
            self.end(task, failure.code == .cancelled ? .stopped : .failed, time, failure)
        case .attemptInterrupted(let task, _): self.end(task, .interrupted, time)
        case .cloned(let task, _, _, _): self.taken[task] = time
        case .started, .attemptSubmitted, .cancelled, .ended: break
        }
    }

    /// An attempt that was refused before it began has an end alone.
    private mutating func end(
        _ task: Int, _ end: AttemptTimes.End, _ time: Double, _ failure: TaskFailure? = nil
    ) {
        guard let last = self.attempts[task]?.indices.last, self.attempts[task]?[last].ended == nil else { return }
        self.attempts[task]?[last].ended = time
        self.attempts[task]?[last].end = end
        self.attempts[task]?[last].failure = failure
    }

    /// The attempts of a task that were started in this run, in their order.
    package func attempts(of task: RunTask) -> [AttemptTimes] { self.attempts[task.number] ?? [] }

    /// A task's status in a word.
    package func word(for task: RunTask) -> String {
        switch task.status {
        case .ready: self.status == .running ? "waiting" : "not run"
        case .running: self.status == .running ? "running" : "interrupted"
        case .succeeded: task.wasCaught ? "caught" : task.clonedFrom != nil ? "taken over" : "succeeded"
        case .failed: task.failure?.code == .cancelled ? "stopped" : "failed"
        }
    }

    /// Seconds from a task's start to its end, or to `now` while it runs; nil when it has not started in this run.
    package func seconds(of task: RunTask, now: Double) -> Double? {
        let attempts = self.attempts(of: task)
        guard let started = attempts.first?.started else { return nil }
        if case .running = task.status, self.status == .running { return now - started }
        return attempts.last?.ended.map { $0 - started }
    }

    /// Unix seconds at which a task ended, in this run or by being taken over; nil for one that has not.
    package func finished(_ task: RunTask) -> Double? {
        self.attempts(of: task).last?.ended ?? self.taken[task.number]
    }
}
