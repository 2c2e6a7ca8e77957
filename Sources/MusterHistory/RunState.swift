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
    /// Unix seconds by task: the start of its first attempt, and the end of its last.
    package private(set) var started: [Int: Double] = [:]
    package private(set) var finished: [Int: Double] = [:]

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
        switch recorded.event {
        case .attemptStarted(let task, _): if self.started[task] == nil { self.started[task] = recorded.time }
        case .attemptSucceeded(let task, _, _), .attemptFailed(let task, _, _, _, _), .attemptInterrupted(let task, _),
            .cloned(let task, _, _, _):
            self.finished[task] = recorded.time
        case .started, .attemptSubmitted, .cancelled, .ended: break
        }
    }

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
        guard let started = self.started[task.number] else { return nil }
        if case .running = task.status, self.status == .running { return now - started }
        return self.finished[task.number].map { $0 - started }
    }
}
