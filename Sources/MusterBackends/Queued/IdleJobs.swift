import MusterModel

/// Jobs whose attempt has succeeded and that wait for another one of the same shape. Pure.
///
/// A scheduler takes about a second to start a job, which is most of a short task's time (without it a foreach of 200 short
/// tasks takes 2.4 times as long, Benchmarks: slurm-foreach).
struct IdleJobs: Sendable {
    struct Idle: Sendable, Equatable {
        /// The attempt that has succeeded, in whose folder the job waits.
        let attempt: AttemptID
        let job: BackendJob
        let shape: GangLaunch
    }

    /// An attempt that waits for its submission, or for its own job to start, and may have a job that has run others.
    struct Candidate: Sendable, Equatable {
        let attempt: AttemptID
        let shape: GangLaunch
    }

    enum Decision: Sendable, Equatable {
        case give(Idle, to: AttemptID)
        /// The job ends.
        case release(Idle)
    }

    private var jobs: [Idle] = []

    mutating func add(_ idle: Idle) { self.jobs.append(idle) }

    mutating func remove(_ attempt: AttemptID) { self.jobs.removeAll { $0.attempt == attempt } }

    var isEmpty: Bool { self.jobs.isEmpty }

    /// Gives each job the first candidate of its shape.
    /// - Parameter isInTheWay: Attempts that no such job can take wait too, or nothing more comes: jobs without a candidate
    ///   end at once.
    mutating func decide(_ candidates: [Candidate], isInTheWay: Bool) -> [Decision] {
        var candidates = candidates
        var decisions: [Decision] = []
        var kept: [Idle] = []
        for idle in self.jobs {
            if let index = candidates.firstIndex(where: { $0.shape == idle.shape }) {
                decisions.append(.give(idle, to: candidates.remove(at: index).attempt))
            } else if isInTheWay {
                decisions.append(.release(idle))
            } else {
                kept.append(idle)
            }
        }
        self.jobs = kept
        return decisions
    }
}
