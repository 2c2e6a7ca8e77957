import MusterModel
import MusterWire

/// Jobs that run several gangs of one node, one after the other (``IdleJobs``).
extension QueuedLoop {
    func reuseJobs() async {
        guard !self.idle.isEmpty else { return }
        // Those that wait for their submission come first: nothing was asked of the scheduler for them. Of the others those
        // that were submitted last would begin last.
        let waiting = self.entries.filter { $1.isWaiting }.sorted { $0.value.added > $1.value.added }.map(\.key)
        let candidates = (self.submissions + waiting).compactMap { attempt in
            self.entries[attempt].flatMap { entry in
                entry.gang.canBeGivenJob && entry.request.mayReuseJob
                    ? entry.request.shape.map { IdleJobs.Candidate(attempt: attempt, shape: $0) } : nil
            }
        }
        let isInTheWay = self.isResting || self.submissions.count + waiting.count > candidates.count
        for decision in self.idle.decide(candidates, isInTheWay: isInTheWay) {
            switch decision {
            case .give(let idle, let attempt): await self.give(idle, to: attempt)
            case .release(let idle): await self.release(idle.attempt)
            }
        }
    }

    func give(_ idle: IdleJobs.Idle, to attempt: AttemptID) async {
        guard let giver = self.entries[idle.attempt], let taker = self.entries[attempt] else { return }
        let (folder, order) = (giver.look.folder, taker.look.folder.path(.order))
        let isGiven = await self.onFiles {
            // After a failure the attempt is submitted. If the agent was told for all that, the claim decides which job runs it.
            (try? folder.create(LineCoding.encode(JobReuse(order: order)), as: .reuse)) ?? false
        }
        guard isGiven else { return }
        await self.handle(.gaveJob, of: idle.attempt)
        await self.handle(.given(idle.job), of: attempt)
        // Otherwise it has begun in its own job meanwhile, or is to end.
        guard self.entries[attempt]?.gang.job == idle.job else { return }
        self.submissions.removeAll { $0 == attempt }
        self.entries[attempt]?.jobBegan = giver.jobBegan
        self.entries[attempt]?.output = giver.output
        self.entries[attempt]?.giver = idle.attempt
    }

    /// Has the job end at once and not after its agent has waited.
    func release(_ attempt: AttemptID) async {
        guard let folder = self.entries[attempt]?.look.folder else { return }
        // An agent that cannot be told leaves by itself, two seconds after its attempt.
        await self.onFiles { _ = try? folder.create(LineCoding.encode(JobReuse(order: nil)), as: .reuse) }
    }

    /// The gang was claimed: by the job that it was given, which makes the objects of the gang before needless, or by its own.
    func begun(_ attempt: AttemptID) async {
        guard let entry = self.entries[attempt] else { return }
        self.entries[attempt]?.giver = nil
        if let giver = entry.giver, let given = self.entries[giver]?.gang.job, given == entry.gang.job {
            return await self.handle(.jobTaken, of: giver)
        }
        // The giver's objects stay until the job that it gave away has ended.
        self.entries[attempt]?.jobBegan = entry.isTakenOver ? nil : self.now()
        self.entries[attempt]?.output = self.output(of: entry.look.folder)
    }

    /// A gang has succeeded: its job can have another one, or ends.
    func becomeIdle(_ attempt: AttemptID) async {
        guard let entry = self.entries[attempt], let shape = entry.request.shape, let job = entry.gang.job else {
            return
        }
        guard let began = entry.jobBegan, self.now() - began < self.backend.capabilities.reuseWindow else {
            return await self.release(attempt)
        }
        self.idle.add(IdleJobs.Idle(attempt: attempt, job: job, shape: shape))
    }

    func output(of folder: AttemptFolder) -> String { "\(folder.prefix)\(self.backend.name).out" }

    /// The jobs that run the gangs: one that has run another before has the other's name.
    /// - Throws: `SystemError` when a claim cannot be read.
    func usedJobs() async throws -> Set<String> {
        let folders = self.entries.values.map(\.look.folder)
        let claims = await self.onFiles {
            Result { try folders.compactMap { try $0.value(AttemptClaim.self, of: .claim)?.job } }
        }
        return Set(try claims.get() + self.entries.values.compactMap(\.gang.job?.id))
    }
}
