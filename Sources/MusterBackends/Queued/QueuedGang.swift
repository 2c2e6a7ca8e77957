package import MusterModel
package import MusterWire

/// One gang at a place with a queue, from its submission until its job is gone.
///
///     submitting ──submitted──▶ present ──report / lost / refused──▶ leaving ──job gone──▶ over
///         └──refused, given up───────────────────────────────────────────────────────────────▲
///
/// Events with the reader's own clock in, actions out; no I/O. The report is the truth. An answer that says nothing
/// changes nothing: an attempt is lost only when the scheduler says that its job is over, or denies knowing it, and the
/// store stays silent after that.
package struct QueuedGang: Sendable, Equatable {
    package enum Event: Sendable, Equatable {
        /// The job is there; also for a gang that another engine has submitted.
        case submitted(BackendJob)
        case submissionFailed(BackendError)
        /// The submission of a gang that is to end had not begun, and does not begin any more.
        case withdrawn
        /// The scheduler's answer about the job.
        case looked(JobState)
        /// The scheduler's answer about nodes that have ended while the job runs on, by their indices.
        case nodesEnded([Int: JobEnd])
        /// The store holds something new of the gang: another count of `alive`.
        case word
        /// The job of this id has claimed the attempt, and runs it.
        case claimed(job: String)
        case status(AgentStatus)
        case report(GangReport)
        /// Somebody ends the attempt, for this reason.
        case stop(TaskFailure)
        /// The scheduler has taken the order to end the job.
        case cancelled
        /// The gang is offered a job that has run another one: in the place of a submission that has not begun, or of a job of
        /// its own that waits in the queue. Of two jobs the one that claims the attempt runs it.
        case given(BackendJob)
        /// The job of this gang, which has succeeded, was given to another one.
        case gaveJob
        /// The gang to which the job was given has begun in it.
        case jobTaken
        /// Time has passed.
        case tick
    }

    package enum Action: Sendable, Equatable {
        case submit
        /// Write `stop` into the store.
        case stop(TaskFailure)
        case cancel(BackendJob)
        /// Ask the scheduler which nodes of the job have ended.
        case inspect(BackendJob)
        /// Ask the scheduler now, and read the store again.
        case look
        case observe(Observation)
        /// Nothing of the attempt is at the place any more: its objects can be removed.
        case over
    }

    /// News of the gang for the engine.
    package enum Observation: Sendable, Equatable {
        case submitted(BackendJob)
        case waits(JobWait)
        case runs(hosts: [String])
        case status(AgentStatus)
        case warning(String)
        /// Comes once, and is the last but for warnings.
        case finished(GangReport)
    }

    package enum Phase: Sendable, Equatable {
        /// `due` is when to submit again; nil while a submission is under way.
        case submitting(since: Double, failures: Int, due: Double?)
        case present(BackendJob)
        /// The attempt is over; its job may not be.
        case leaving(BackendJob, since: Double)
        case over
    }

    private struct Wish: Equatable {
        let failure: TaskFailure
        let since: Double
    }

    /// A report whose cause the scheduler may know better.
    private struct Ousting: Equatable {
        enum Reason: Equatable {
            /// The agents were told to end.
            case place
            case loss
            /// A process of the step was ended by SIGTERM. A scheduler that ends a job sends it to all processes at once, and
            /// the step's may be gone before its agent hears of its own.
            case signal
            /// A process of the step was ended by SIGKILL, as the kernel does when the node's memory is used up: the
            /// scheduler knows whether it was.
            case killed
        }

        let report: GangReport
        let since: Double
        let reason: Reason

        init?(_ report: GangReport, _ capabilities: BackendCapabilities, at now: Double) {
            guard let failure = report.failure else { return nil }
            switch failure.code {
            case .place: self.reason = .place
            case .lost where failure.node != nil && capabilities.losesNodes: self.reason = .loss
            case .signal where failure.signal == 15: self.reason = .signal
            case .signal where failure.signal == 9: self.reason = .killed
            default: return nil
            }
            self.report = report
            self.since = now
        }
    }

    package let name: String
    package let timing: QueuedGangTiming
    private let capabilities: BackendCapabilities
    package private(set) var phase: Phase {
        didSet { if let job = self.job { self.last = job } }
    }
    /// The job that the scheduler was asked about last.
    private var last: BackendJob?
    /// The scheduler's last answer that was not `unknown`.
    package private(set) var state: JobState?
    /// When it said something last.
    private var answered: Double
    private var isSilenceTold = false
    /// When the job was first said to be over, in an unbroken row of such answers.
    private var ended: Double?
    private var runningSince: Double?
    /// All nodes have come, or the gang has started without some: from then on it notices by itself which are lost.
    private var hasFormed = false
    /// When the scheduler was last asked which nodes have ended.
    private var inspected: Double?
    private var queuedSince: Double?
    private var hopelessSince: Double?
    /// Since when some of its nodes have machines and others wait.
    private var splitSince: Double?
    /// When the store held something new last; nil before any node has spoken.
    private var heard: Double?
    /// Why the attempt is ended before its time, and since when.
    private var wish: Wish?
    private var cancelled: Double?
    /// The agents say that the place has ended the attempt, or that a node is lost; the scheduler is asked why.
    private var ousted: Ousting?
    /// The attempt has ended because a node was lost.
    private var isLoss = false
    /// A submission failed that the scheduler may have accepted nevertheless: a second job of the name may wait.
    private var mayHaveTwin = false
    /// The id of the job that has claimed the attempt.
    private var claimant: String?
    /// The gang's own job, while another one that was offered has not claimed the attempt.
    private var own: BackendJob?
    /// The job has run another gang before.
    private var isReusingJob = false
    /// The job runs, or is to run, another gang now: it is not this one's to end.
    private var hasGivenJob = false

    /// A gang that the next event submits, or whose job another engine has submitted.
    package init(
        name: String, timing: QueuedGangTiming, capabilities: BackendCapabilities = BackendCapabilities(),
        job: BackendJob? = nil, at now: Double
    ) {
        self.name = name
        self.timing = timing
        self.capabilities = capabilities
        self.answered = now
        self.phase = job.map { .present($0) } ?? .submitting(since: now, failures: 0, due: now)
        // An initial value is not observed.
        self.last = job
    }

    /// A submission is under way.
    package var isSubmitting: Bool { if case .submitting(_, _, due: nil) = self.phase { true } else { false } }

    /// The job whose remains at the place belong to this gang once it is over; nil when there is none.
    package var remains: BackendJob? { self.hasGivenJob ? nil : self.last }

    /// The job that the scheduler has to be asked about; nil when there is none.
    package var job: BackendJob? {
        switch self.phase {
        case .present(let job), .leaving(let job, _): job
        case .submitting, .over: nil
        }
    }

    /// - Throws: ``IllegalQueuedGangEvent`` for an event that cannot happen in this phase; nothing is changed then.
    package mutating func handle(_ event: Event, at now: Double) throws(IllegalQueuedGangEvent) -> [Action] {
        let actions: [Action]
        switch event {
        case .submitted(let job): actions = try self.submitted(job, now)
        case .submissionFailed(let error): actions = try self.submissionFailed(error, now)
        case .withdrawn:
            guard case .submitting(_, _, due: nil) = self.phase, let wish else {
                throw IllegalQueuedGangEvent(event: event, phase: self.phase)
            }
            actions = self.finishUnsubmitted(wish.failure)
        case .looked(let state): actions = self.looked(state, now)
        case .nodesEnded(let ends): actions = self.nodesEnded(ends, now)
        case .word:
            self.heard = now
            actions = []
        case .claimed(let job): actions = self.claimed(job, now)
        case .status(let status): actions = self.tell(status, now)
        case .report(let report): actions = self.finish(report, now)
        case .stop(let failure): actions = self.end(failure, now)
        case .cancelled: actions = self.cancelTaken()
        case .given(let job): actions = self.given(job, now)
        case .gaveJob:
            guard case .leaving = self.phase else { throw IllegalQueuedGangEvent(event: event, phase: self.phase) }
            self.hasGivenJob = true
            actions = []
        case .jobTaken: actions = try self.jobTaken()
        case .tick: actions = []
        }
        return actions + self.due(now)
    }

    // MARK: - Submission

    private mutating func submitted(_ job: BackendJob, _ now: Double) throws(IllegalQueuedGangEvent) -> [Action] {
        // The attempt ended while the submission was under way.
        if case .over = self.phase { return [.cancel(job)] }
        guard case .submitting(_, _, due: nil) = self.phase else {
            throw IllegalQueuedGangEvent(event: .submitted(job), phase: self.phase)
        }
        self.phase = .present(job)
        self.answered = now
        // There was nothing to end before.
        self.wish = self.wish.map { Wish(failure: $0.failure, since: now) }
        if let claimant, claimant != job.id { return [.cancel(job)] + self.change(to: self.job(of: claimant), now) }
        return [.observe(.submitted(job)), .look]
    }

    private mutating func submissionFailed(
        _ error: BackendError, _ now: Double
    ) throws(IllegalQueuedGangEvent) -> [Action] {
        if case .over = self.phase { return [] }
        guard case .submitting(let since, let failures, due: nil) = self.phase else {
            throw IllegalQueuedGangEvent(event: .submissionFailed(error), phase: self.phase)
        }
        if let wish { return self.leave(BackendJob(id: "", name: self.name), .none(wish.failure), now) }
        guard error.isTransient else {
            return self.finishUnsubmitted(.notSubmitted(error))
        }
        self.mayHaveTwin = true
        guard now - since < self.timing.submission else {
            // It may have been accepted for all that.
            return self.leave(
                BackendJob(id: "", name: self.name),
                .none(.notSubmitted(error, after: now - since)), now)
        }
        let delay = self.timing.submissionDelays[min(failures, self.timing.submissionDelays.count - 1)]
        self.phase = .submitting(since: since, failures: failures + 1, due: now + delay)
        return failures == 0 ? [.observe(.warning("\(error.message); it is tried again"))] : []
    }

    // MARK: - Jobs that run several gangs

    /// A job that has run another gang can take the place of the submission, if that has not begun, or of the job that
    /// waits.
    package var canBeGivenJob: Bool {
        guard self.wish == nil, self.heard == nil, self.own == nil else { return false }
        switch (self.phase, self.state) {
        case (.submitting(_, failures: 0, due: nil), _): return true
        case (.present, .queued): return !self.isReusingJob
        default: return false
        }
    }

    private mutating func given(_ job: BackendJob, _ now: Double) -> [Action] {
        // The gang has begun, or is to end, since the offer was decided: whoever has the job will not get the claim.
        guard self.canBeGivenJob else { return [] }
        if case .present(let own) = self.phase { self.own = own }
        self.isReusingJob = true
        return self.change(to: job, now)
    }

    private func job(of claimant: String) -> BackendJob { BackendJob(id: claimant, name: self.name) }

    private mutating func change(to job: BackendJob, _ now: Double) -> [Action] {
        self.phase = .present(job)
        (self.state, self.answered, self.ended) = (nil, now, nil)
        (self.runningSince, self.queuedSince, self.hopelessSince, self.splitSince) = (nil, nil, nil, nil)
        return [.observe(.submitted(job))]
    }

    /// The gang's own job runs it, or can run it alone: the other has not taken it.
    private mutating func goBack(to own: BackendJob, _ now: Double) -> [Action] {
        self.own = nil
        self.isReusingJob = false
        return self.change(to: own, now) + [.look]
    }

    private mutating func claimed(_ job: String, _ now: Double) -> [Action] {
        self.heard = now
        // Elsewhere a claim need not name its job as the scheduler's answers do.
        guard self.capabilities.reuseWindow > 0 else { return [] }
        self.claimant = job
        guard case .present(let current) = self.phase else { return [] }
        if current.id == job { return self.endOwn() }
        if let own, own.id == job { return self.goBack(to: own, now) }
        // An earlier engine has given the gang this job, or a submission was accepted twice.
        self.isReusingJob = true
        return self.endOwn() + [.cancel(current)] + self.change(to: self.job(of: job), now)
    }

    /// Ends the job of the gang's own, which another has made needless.
    private mutating func endOwn() -> [Action] {
        guard let own else { return [] }
        self.own = nil
        return [.cancel(own)]
    }

    /// Nobody reads the objects of this gang any more.
    private mutating func jobTaken() throws(IllegalQueuedGangEvent) -> [Action] {
        if case .over = self.phase { return [] }
        guard case .leaving = self.phase, self.hasGivenJob else {
            throw IllegalQueuedGangEvent(event: .jobTaken, phase: self.phase)
        }
        self.phase = .over
        return [.over]
    }

    // MARK: - Answers

    private mutating func looked(_ state: JobState, _ now: Double) -> [Action] {
        guard self.job != nil else { return [] }
        if case .unknown = state { return [] }
        // The job that was offered has ended without the gang.
        if case .ended = state, let own, self.heard == nil, case .present = self.phase {
            return self.goBack(to: own, now)
        }
        let before = self.state
        self.state = state
        self.answered = now
        var actions: [Action] = []
        if self.isSilenceTold {
            self.isSilenceTold = false
            actions = [.observe(.warning("the scheduler answers again"))]
        }
        switch state {
        case .queued(let wait):
            (self.ended, self.runningSince) = (nil, nil)
            self.queuedSince = self.queuedSince ?? now
            self.hopelessSince = wait.isHopeless ? self.hopelessSince ?? now : nil
            self.splitSince = wait.placed ?? 0 > 0 && !self.hasFormed ? self.splitSince ?? now : nil
        case .running:
            (self.ended, self.queuedSince, self.hopelessSince, self.splitSince) = (nil, nil, nil, nil)
            self.runningSince = self.runningSince ?? now
        case .ended:
            if self.ended == nil, case .present = self.phase { actions.append(.look) }
            self.ended = self.ended ?? now
            (self.hopelessSince, self.splitSince) = (nil, nil)
        case .unknown: break
        }
        guard before != state, case .present = self.phase else { return actions }
        switch state {
        case .queued(let wait): return actions + [.observe(.waits(wait))]
        case .running(let hosts): return actions + [.observe(.runs(hosts: hosts))]
        case .ended, .unknown: return actions
        }
    }

    private mutating func tell(_ status: AgentStatus, _ now: Double) -> [Action] {
        self.heard = now
        guard case .present = self.phase else { return [] }
        switch status {
        case .finished(let report): return self.finish(report, now)
        case .started, .ended: self.hasFormed = true
        default: break
        }
        return [.observe(.status(status))]
    }

    // MARK: - Nodes that never came

    /// A node that ends before it has joined the gang is missed by nobody else: the others wait for it until the deadline of
    /// the rendezvous.
    private mutating func nodesEnded(_ ends: [Int: JobEnd], _ now: Double) -> [Action] {
        guard case .present(let job) = self.phase, !self.hasFormed,
            let (node, end) = ends.min(by: { $0.key < $1.key })
        else { return [] }
        return self.end(.endedEarly(node, of: job, end), now)
    }

    private mutating func dueInspection(_ job: BackendJob, _ now: Double) -> [Action] {
        guard !self.hasFormed, self.ended == nil, let runningSince,
            now - max(runningSince, self.inspected ?? runningSince) >= self.timing.inspection
        else { return [] }
        self.inspected = now
        return [.inspect(job)]
    }

    // MARK: - Ends

    private mutating func finish(_ report: GangReport, _ now: Double) -> [Action] {
        self.heard = now
        switch self.phase {
        case .present(let job):
            guard let ousting = Ousting(report, self.capabilities, at: now) else { return self.leave(job, report, now) }
            if let wish { return self.leave(job, report.failing(wish.failure), now) }
            self.ousted = self.ousted ?? ousting
            return [.look]
        // A submission that is under way or has failed was accepted for all that, and its gang is through already.
        case .submitting: return self.leave(BackendJob(id: "", name: self.name), report, now)
        case .leaving, .over: return []
        }
    }

    private mutating func finishUnsubmitted(_ failure: TaskFailure) -> [Action] {
        self.phase = .over
        return self.twin + [.observe(.finished(.none(failure))), .over]
    }

    /// The end of whatever else has the gang's name.
    private var twin: [Action] { self.mayHaveTwin ? [.cancel(BackendJob(id: "", name: self.name))] : [] }

    private mutating func leave(_ job: BackendJob, _ report: GangReport, _ now: Double) -> [Action] {
        self.endOwn() + self.leaveJob(job, report, now)
    }

    private mutating func leaveJob(_ job: BackendJob, _ report: GangReport, _ now: Double) -> [Action] {
        self.phase = .leaving(job, since: now)
        self.isLoss = self.ousted?.reason == .loss || report.failure?.code == .lost
        // The name alone says nothing about how it is: it is ended at once, and nobody can be asked about it.
        guard !job.id.isEmpty else {
            self.phase = .over
            return [.cancel(job), .observe(.finished(report)), .over]
        }
        guard self.ended == nil else {
            self.phase = .over
            return [.observe(.finished(report))] + self.twin + [.over]
        }
        return [.observe(.finished(report)), .look]
    }

    private mutating func end(_ failure: TaskFailure, _ now: Double) -> [Action] {
        guard self.wish == nil else { return [] }
        switch self.phase {
        case .over, .leaving: return []
        case .present, .submitting(_, _, due: nil):
            self.wish = Wish(failure: failure, since: now)
            return [.stop(failure)]
        case .submitting(_, let failures, _):
            guard failures > 0 else { return self.finishUnsubmitted(failure) }
            return [.stop(failure)] + self.leave(BackendJob(id: "", name: self.name), .none(failure), now)
        }
    }

    /// A scheduler keeps a job whose node is dead until it believes that: minutes, for which nobody need wait.
    private mutating func cancelTaken() -> [Action] {
        guard case .leaving = self.phase, self.isLoss else { return [] }
        self.phase = .over
        return self.twin + [.over]
    }

    // MARK: - Time

    /// The actions that are due at this time.
    private mutating func due(_ now: Double) -> [Action] {
        switch self.phase {
        case .submitting(let since, let failures, let due?) where due <= now:
            self.phase = .submitting(since: since, failures: failures, due: nil)
            return [.submit]
        case .submitting, .over: return []
        case .leaving(let job, let since): return self.dueWhileLeaving(job, since, now)
        case .present(let job): return self.dueWhilePresent(job, now)
        }
    }

    private mutating func dueWhilePresent(_ job: BackendJob, _ now: Double) -> [Action] {
        if let ousted {
            // A scheduler says of a job that it ends why: the time limit is the step's own fault, and whoever cancelled the job
            // by hand does not want it again.
            let isBrief = ousted.reason == .loss || ousted.reason == .killed
            let patience = isBrief ? self.timing.explanationOfLoss : self.timing.departure
            guard self.ended != nil || now - ousted.since >= patience else { return [] }
            return self.leave(job, self.explained(ousted, job), now)
        }
        if let failure = self.hopelessness(now) { return self.end(failure, now) + self.dueWish(job, now) }
        if self.wish != nil { return self.dueWish(job, now) }
        if let ended, now - max(ended, self.heard ?? ended) >= self.timing.silence {
            let failure =
                self.isReusingJob
                ? TaskFailure.lostReused(job, self.end, hasBegun: self.heard != nil) : .lost(job, self.end)
            return self.leave(job, .none(failure), now)
        }
        let inspection = self.dueInspection(job, now)
        guard !self.isSilenceTold, now - self.answered >= self.timing.patience else { return inspection }
        self.isSilenceTold = true
        return inspection + [.observe(.warning("the scheduler says nothing about the job \(job); the gang goes on"))]
    }

    private func explained(_ ousted: Ousting, _ job: BackendJob) -> GangReport {
        if ousted.reason == .killed, self.end?.kind != .outOfMemory { return ousted.report }
        if ousted.reason == .signal {
            switch (self.state, self.end?.kind) {
            // A job that is in the queue again was put there by somebody.
            case (.queued, _), (_, .preempted), (_, .nodeFailed), (_, .timeLimit), (_, .cancelled): break
            default: return ousted.report
            }
        }
        return ousted.report.explained(by: self.end, job, isReused: self.isReusingJob)
    }

    /// Why the job can never do what it is for; nil while it can.
    private func hopelessness(_ now: Double) -> TaskFailure? {
        guard self.wish == nil else { return nil }
        if case .queued(let wait) = self.state {
            if let hopelessSince, self.answered - hopelessSince >= self.timing.hopeless { return .hopeless(wait) }
            if let limit = self.timing.queue, let queuedSince, now - queuedSince >= limit {
                return .waitedTooLong(wait, seconds: limit)
            }
            if let splitSince, self.answered - splitSince >= self.timing.placement, !self.hasFormed {
                return .split(wait, seconds: self.timing.placement)
            }
        }
        if let runningSince, self.heard == nil, self.ended == nil, now - runningSince >= self.timing.firstWord {
            return .silentNodes(seconds: self.timing.firstWord)
        }
        return nil
    }

    /// The gang is to end: first by itself, then by the scheduler.
    private mutating func dueWish(_ job: BackendJob, _ now: Double) -> [Action] {
        guard let wish else { return [] }
        let grace = self.heard == nil ? 0 : self.timing.endGrace
        if let ended {
            // A gang that has spoken may have a report that this machine does not see yet.
            let settle = self.heard == nil ? 0 : self.timing.settle
            return now - ended >= settle ? self.leave(job, .none(wish.failure), now) : []
        }
        if now - wish.since >= self.timing.abandon {
            return [.observe(.warning("the job \(job) could not be ended: end it by hand"))]
                + self.abandon(wish.failure)
        }
        return now - wish.since >= grace ? self.cancel(job, now) : []
    }

    private mutating func dueWhileLeaving(_ job: BackendJob, _ since: Double, _ now: Double) -> [Action] {
        if self.ended != nil {
            self.phase = .over
            return self.twin + [.over]
        }
        guard !self.hasGivenJob else { return [] }
        if now - since >= self.timing.abandon {
            self.phase = .over
            return [.observe(.warning("the job \(job) may still be there: end it by hand")), .over]
        }
        let departure = self.isLoss ? self.timing.departureAfterLoss : self.timing.departure
        return now - since >= departure ? self.cancel(job, now) : []
    }

    private mutating func cancel(_ job: BackendJob, _ now: Double) -> [Action] {
        if let cancelled, now - cancelled < self.timing.cancelAgain { return [] }
        self.cancelled = now
        return self.endOwn() + [.cancel(job), .look]
    }

    private mutating func abandon(_ failure: TaskFailure) -> [Action] {
        self.phase = .over
        return [.observe(.finished(.none(failure))), .over]
    }

    private var end: JobEnd? { if case .ended(let end) = self.state { end } else { nil } }
}

/// An event that cannot happen in the phase that a gang is in.
package struct IllegalQueuedGangEvent: Error, Sendable, CustomStringConvertible {
    package var event: QueuedGang.Event
    package var phase: QueuedGang.Phase

    package var description: String { "the gang cannot take \(self.event) while it is \(self.phase)" }
}
