import MusterEngine
import MusterMetadata
import MusterModel
import MusterStore

/// A run's status as `list` and `status` name it.
enum RunStatus: String, Codable {
    case running, succeeded, failed, cancelled
    /// Not over, and no engine moves it.
    case interrupted

    init(_ record: RunRecord, in layout: StoreLayout) {
        switch record.verdict {
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        case nil:
            let holder = RunLock.holder(path: layout.runLock(flow: record.flow, run: record.run))
            self = holder == nil ? .interrupted : .running
        }
    }
}

/// A run with everything that its events say.
struct RunState {
    let record: RunRecord
    let status: RunStatus
    private(set) var machine: RunStateMachine
    /// Unix seconds, by task: when its first attempt started and when it was over.
    private(set) var started: [Int: Double] = [:]
    private(set) var finished: [Int: Double] = [:]

    init(_ record: RunRecord, in layout: StoreLayout, _ metadata: any MetadataStore) async throws {
        self.record = record
        self.status = RunStatus(record, in: layout)
        self.machine = RunStateMachine(manifest: record.manifest)
        for recorded in try await metadata.events(of: record.key) {
            do {
                _ = try self.machine.handle(recorded.event)
            } catch {
                throw CommandFailure(
                    .store,
                    "the events of the run \(record.key) do not fit its flow: \(error); the store was damaged or written by another version"
                )
            }
            self.note(recorded)
        }
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
    func word(for task: RunTask) -> String {
        switch task.status {
        case .ready: self.status == .running ? "waiting" : "not run"
        case .running: self.status == .running ? "running" : "interrupted"
        case .succeeded: task.wasCaught ? "caught" : task.clonedFrom != nil ? "taken over" : "succeeded"
        case .failed: task.failure?.code == .cancelled ? "stopped" : "failed"
        }
    }

    /// Seconds that a task took so far; nil when it never started here.
    func seconds(of task: RunTask, now: Double) -> Double? {
        guard let started = self.started[task.number] else { return nil }
        if case .running = task.status, self.status == .running { return now - started }
        return self.finished[task.number].map { $0 - started }
    }
}
