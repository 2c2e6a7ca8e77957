/// When the scheduler is asked about all jobs of an engine: however many there are, one call.
///
/// Controllers serve all users: SchedMD asks not to call squeue from loops, and limits calls per user.
package struct LookSchedule: Sendable, Equatable {
    /// Seconds without a change after which looks become rare.
    private static let quiet = 600.0
    /// Seconds between two looks even if somebody cannot wait.
    private static let shortest = 1.0
    /// A look that comes early takes the place of a later one: there are never more than this many in as many turns.
    private static let turns = 6
    /// How many looks at a run's end do not count.
    private static let last = 6

    private let every: Double
    private let everyWhenQuiet: Double
    private var changed: Double
    private var isWanted = false
    /// Looks that need not keep to the rate.
    private var free = 0
    /// The last looks, at most ``turns``.
    private var looks: [Double] = []

    package init(_ capabilities: BackendCapabilities, at now: Double) {
        self.every = capabilities.lookEvery
        self.everyWhenQuiet = max(capabilities.lookEvery, capabilities.lookEveryWhenQuiet)
        self.changed = now
    }

    /// Something has changed: a state, a submission.
    package mutating func change(at now: Double) { self.changed = now }

    /// Somebody would like to know soon: a silent store, a job that was cancelled.
    package mutating func want() { self.isWanted = true }

    /// Nothing more is submitted, and somebody waits for the last jobs to leave: some looks are as soon as they are wished
    /// for. A short flow would wait half a minute at its end otherwise.
    package mutating func hurry() { self.free = Self.last }

    /// When to look next.
    package func next(at now: Double) -> Double {
        guard let last = self.looks.last else { return now }
        let pause = now - self.changed >= Self.quiet ? self.everyWhenQuiet : self.every
        let wished = last + (self.isWanted ? min(Self.shortest, pause) : pause)
        guard self.looks.count == Self.turns, self.free == 0 else { return wished }
        return max(wished, self.looks[0] + Double(Self.turns) * self.every)
    }

    package mutating func look(at now: Double) {
        // One that does not count delays none of those that follow.
        self.looks = self.free > 0 ? [now] : self.looks.suffix(Self.turns - 1) + [now]
        self.free = max(0, self.free - 1)
        self.isWanted = self.free > 0
    }
}

/// How fast jobs are submitted: a burst, then a steady rate.
package struct SubmissionBudget: Sendable, Equatable {
    private let burst: Double
    private let rate: Double
    private var tokens: Double
    private var counted: Double

    package init(_ capabilities: BackendCapabilities, at now: Double) {
        self.burst = Double(max(1, capabilities.submissionBurst))
        self.rate = capabilities.submissionsPerSecond
        self.tokens = self.burst
        self.counted = now
    }

    /// Takes one submission when there is one; otherwise says in how many seconds.
    package mutating func take(at now: Double) -> Double? {
        self.tokens = min(self.burst, self.tokens + max(0, now - self.counted) * self.rate)
        self.counted = max(self.counted, now)
        guard self.tokens < 1 else {
            self.tokens -= 1
            return nil
        }
        return self.rate > 0 ? (1 - self.tokens) / self.rate : .infinity
    }
}
