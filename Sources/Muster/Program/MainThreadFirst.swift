import Dispatch
import Synchronization

/// Runs a step body on the main thread for as long as it does not wait for anything: a short step is then over before
/// the first thread of a pool would have been made.
///
/// Once it waits, and for whatever it runs beside itself, the ordinary pool takes over, and the main thread serves the
/// main actor.
final class MainThreadFirst: TaskExecutor {
    private enum Phase {
        /// What comes is for the main thread, which runs nothing yet.
        case open([UnownedJob])
        /// The main thread has taken that: others do what comes.
        case busy
    }

    private let phase = Mutex(Phase.open([]))

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isKept = self.phase.withLock { phase in
            guard case .open(let jobs) = phase else { return false }
            phase = .open(jobs + [job])
            return true
        }
        guard !isKept else { return }
        let executor = self.asUnownedTaskExecutor()
        DispatchQueue.global().async { job.runSynchronously(on: executor) }
    }

    /// Runs what has come so far on this thread, the main one, and then serves the main actor. Never returns.
    func run() -> Never {
        self.runWhatHasCome()
        dispatchMain()
    }

    /// Runs what has come so far on this thread.
    func runWhatHasCome() {
        let jobs = self.phase.withLock { phase -> [UnownedJob] in
            guard case .open(let jobs) = phase else { return [] }
            phase = .busy
            return jobs
        }
        for job in jobs { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
