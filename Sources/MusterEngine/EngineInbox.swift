import MusterBackends
import MusterModel
import Synchronization

/// Something that the engine has to take account of.
enum EngineInput: Sendable {
    case observed(GangObservation)
    /// A task's delay before its next attempt is over.
    case due(task: Int, attempt: Int)
    /// A step's Python environment is there, or cannot be made.
    case environment(step: String, Result<StepPython, TaskFailure>)
    /// Artifacts that the task needs have come from the bucket, or could not be brought for this reason.
    case fetched(task: Int, attempt: Int, problem: String?)
    /// The artifacts of an attempt that has ended are in the bucket.
    case kept(GangObservation)
    case progress(step: String, message: String)
    case cancel(reason: String)
}

/// Collects inputs from all threads and returns them in batches, so that one transaction stores the events of a batch.
final class EngineInbox: Sendable {
    private let waiting = Mutex<[EngineInput]>([])
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init() {
        (self.wakes, self.wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func post(_ input: EngineInput) {
        self.waiting.withLock { $0.append(input) }
        self.wake.yield()
    }

    /// Everything that has come since the last call, in order, without waiting.
    func rest() -> [EngineInput] {
        self.waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }

    /// Everything that has come since the last call, in order; waits for the first. Empty when the task is cancelled.
    func next() async -> [EngineInput] {
        for await _ in self.wakes {
            let inputs = self.waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            if !inputs.isEmpty { return inputs }
        }
        return []
    }
}
