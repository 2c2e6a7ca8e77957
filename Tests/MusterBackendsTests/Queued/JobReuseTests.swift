import MusterModel
import MusterWire
import Testing

@testable import MusterBackends

/// Jobs that run several gangs of one node, one after the other.
@Suite struct JobReuseTests {
    static let own = GangStory.job
    static let other = BackendJob(id: "3", name: "mu-a-start-0-0")
    static let ended = JobState.ended(JobEnd(kind: .completed, reason: "COMPLETED"))
    static let timeLimit = JobState.ended(JobEnd(kind: .timeLimit, reason: "TIMEOUT"))

    private static let capabilities = BackendCapabilities(reuseWindow: 60)

    /// A gang whose submission waits for its turn.
    private func submitting() throws -> GangStory {
        var story = GangStory(
            gang: QueuedGang(name: Self.own.name, timing: QueuedGangTiming(), capabilities: Self.capabilities, at: 0))
        #expect(try story.happen(.tick) == [.submit])
        return story
    }

    /// A gang whose own job waits in the queue, and that was offered another.
    private func offered() throws -> GangStory {
        var story = try self.submitting()
        try story.happen(.submitted(Self.own))
        try story.happen(.looked(QueuedGangTests.waits))
        #expect(story.gang.canBeGivenJob)
        #expect(try story.happen(.given(Self.other)) == [.observe(.submitted(Self.other))])
        #expect(!story.gang.canBeGivenJob)
        return story
    }

    @Test("A gang that was not submitted has the other's job, is recorded with it and ends with its report")
    func instead() throws {
        var story = try self.submitting()
        #expect(story.gang.canBeGivenJob)
        #expect(try story.happen(.given(Self.other)) == [.observe(.submitted(Self.other))])
        #expect(try story.happen(.claimed(job: "3")) == [])
        #expect(try story.happen(.report(GangStory.report)) == [.observe(.finished(GangStory.report)), .look])
        #expect(try story.happen(.looked(Self.ended)) == [.over])
        #expect(story.cancels.isEmpty)
    }

    @Test("Its own job, which waits, ends when the other has claimed the attempt, and not before")
    func claimed() throws {
        var story = try self.offered()
        #expect(try story.wait(5, QueuedGangTests.waits).isEmpty)
        #expect(try story.happen(.claimed(job: "3")) == [.cancel(Self.own)])
        #expect(story.gang.job == Self.other)
    }

    @Test("When its own job is faster, that one runs it")
    func ownIsFaster() throws {
        var story = try self.offered()
        #expect(try story.happen(.claimed(job: "7")) == [.observe(.submitted(Self.own)), .look])
        #expect(story.gang.job == Self.own && story.cancels.isEmpty)
        // It was never the other's: a time limit is its own.
        try story.happen(.looked(Self.timeLimit))
        try story.wait(90, Self.timeLimit)
        #expect(story.finished.first?.failure?.code == .timeout)
    }

    @Test("When the job that was offered ends without it, its own goes on waiting")
    func offerIsLost() throws {
        var story = try self.offered()
        #expect(try story.happen(.looked(Self.ended)) == [.observe(.submitted(Self.own)), .look])
        #expect(story.gang.job == Self.own && story.finished.isEmpty && story.cancels.isEmpty)
    }

    @Test("An offer that comes too late changes nothing", arguments: [0, 1, 2])
    func tooLate(way: Int) throws {
        var story = try self.submitting()
        try story.happen(.submitted(Self.own))
        try story.happen(.looked(QueuedGangTests.waits))
        switch way {
        case 0: try story.happen(.looked(.running(hosts: [])))
        case 1: try story.happen(.claimed(job: "7"))
        default: try story.happen(.stop(GangStory.cancelled))
        }
        #expect(try story.happen(.given(Self.other)).allSatisfy { $0 == .cancel(Self.own) || $0 == .look })
        #expect(story.gang.job == Self.own)
    }

    @Test("A stop ends both jobs while nobody knows which one runs it")
    func stopped() throws {
        var story = try self.offered()
        try story.happen(.stop(GangStory.cancelled))
        #expect(Set(story.cancels) == [Self.own, Self.other])
    }

    @Test("That the job has less time left than the step asks for is not the step's fault, nor that it never began")
    func faults() throws {
        for (state, hasBegun, code) in [
            (Self.timeLimit, true, TaskFailure.Code.place), (Self.timeLimit, false, .place),
            (Self.ended, false, .place),
            (QueuedGangTests.failed, false, .place), (QueuedGangTests.failed, true, .exit),
        ] {
            var story = try self.submitting()
            try story.happen(.given(Self.other))
            if hasBegun { try story.happen(.claimed(job: "3")) }
            try story.happen(.looked(state))
            try story.wait(90, state)
            #expect(story.finished.first?.failure?.code == code, "\(state) \(hasBegun)")
        }
    }

    @Test("The job of a gang that an engine before has given away is found by the claim")
    func recovered() throws {
        var story = GangStory(
            gang: QueuedGang(
                name: Self.own.name, timing: QueuedGangTiming(), capabilities: Self.capabilities, job: Self.own, at: 0))
        let claimant = BackendJob(id: "3", name: Self.own.name)
        #expect(try story.happen(.claimed(job: "3")) == [.cancel(Self.own), .observe(.submitted(claimant))])
        // The same while it is being submitted once more.
        story = try self.submitting()
        #expect(try story.happen(.claimed(job: "3")) == [])
        #expect(try story.happen(.submitted(Self.own)) == [.cancel(Self.own), .observe(.submitted(claimant))])
    }

    @Test("A gang that has given its job away neither ends it nor is over before the other has begun")
    func giver() throws {
        var story = try GangStory.present()
        try story.happen(.report(GangStory.report))
        #expect(throws: IllegalQueuedGangEvent.self) { try story.happen(.jobTaken) }
        #expect(try story.happen(.gaveJob) == [])
        #expect(try story.wait(600, .running(hosts: [])).isEmpty)
        #expect(try story.happen(.jobTaken) == [.over])
        #expect(try story.happen(.jobTaken) == [])
    }

    @Test("Where claims do not name jobs, a claim is a word and no more")
    func otherPlaces() throws {
        var story = try GangStory.present()
        #expect(try story.happen(.claimed(job: "pod-3")) == [])
        #expect(story.gang.job == Self.own)
    }

    // MARK: - Every order

    private static let events: [QueuedGang.Event] = [
        .submitted(Self.own), .looked(QueuedGangTests.waits), .looked(.running(hosts: [])), .looked(Self.ended), .word,
        .claimed(job: "7"), .claimed(job: "3"), .given(Self.other), .report(GangStory.report),
        .stop(GangStory.cancelled), .tick,
    ]

    private struct Facts {
        var wasSubmitted = false
        var cancelled: Set<BackendJob> = []
        var finished = 0
    }

    @Test("In every order of events it finishes at most once, and no job of its own is forgotten")
    func everyOrder() throws {
        var faults: [String] = []
        var count = 0
        func walk(_ gang: QueuedGang, _ facts: Facts, _ path: [Int]) {
            guard path.count < 5, faults.isEmpty else { return }
            for (index, event) in Self.events.enumerated() {
                var (next, facts) = (gang, facts)
                guard let actions = try? next.handle(event, at: Double(100 * (path.count + 1))) else { continue }
                count += 1
                if case .submitted = event { facts.wasSubmitted = true }
                for action in actions {
                    switch action {
                    case .cancel(let job): facts.cancelled.insert(job)
                    case .observe(.finished): facts.finished += 1
                    case .over where facts.wasSubmitted && gang.job != Self.own:
                        if !facts.cancelled.contains(Self.own) { faults.append("\(path + [index]): its own job stays") }
                    default: break
                    }
                }
                if facts.finished > 1 { faults.append("\(path + [index]): it finishes twice") }
                walk(next, facts, path + [index])
            }
        }
        walk(try self.submitting().gang, Facts(), [])
        #expect(faults.prefix(5).isEmpty)
        #expect(count > 10_000)
    }
}

@Suite struct IdleJobsTests {
    private static func attempt(_ task: Int) -> AttemptID {
        AttemptID(flow: "F", run: "1", step: "s", task: task, attempt: 0)
    }

    private static func launch(_ shape: String) -> GangLaunch {
        GangLaunch(attempt: self.attempt(0), name: shape, nodes: 1, command: [], place: PlaceSettings(name: "slurm"))
    }

    private static func idle(_ task: Int, _ shape: String) -> IdleJobs.Idle {
        IdleJobs.Idle(
            attempt: self.attempt(task), job: BackendJob(id: "\(task)", name: "mu-\(task)"), shape: self.launch(shape))
    }

    private static func candidate(_ task: Int, _ shape: String) -> IdleJobs.Candidate {
        IdleJobs.Candidate(attempt: self.attempt(task), shape: self.launch(shape))
    }

    @Test("Each job gets the first candidate of its shape, once; the others wait for the engine")
    func gives() {
        var jobs = IdleJobs()
        for (task, shape) in [(1, "a"), (2, "b"), (3, "a"), (4, "a")] { jobs.add(Self.idle(task, shape)) }
        let decisions = jobs.decide(
            [Self.candidate(7, "a"), Self.candidate(8, "c"), Self.candidate(9, "a")], isInTheWay: false)
        #expect(
            decisions == [
                .give(Self.idle(1, "a"), to: Self.attempt(7)), .give(Self.idle(3, "a"), to: Self.attempt(9)),
            ])
        #expect(
            jobs.decide([Self.candidate(5, "b")], isInTheWay: false) == [.give(Self.idle(2, "b"), to: Self.attempt(5))])
        jobs.remove(Self.attempt(4))
        #expect(jobs.isEmpty)
    }

    @Test("A job that stands in the way of others and can be given nothing ends")
    func releases() {
        var jobs = IdleJobs()
        for (task, shape) in [(1, "a"), (2, "b")] { jobs.add(Self.idle(task, shape)) }
        #expect(
            jobs.decide([Self.candidate(7, "b")], isInTheWay: true) == [
                .release(Self.idle(1, "a")), .give(Self.idle(2, "b"), to: Self.attempt(7)),
            ])
        #expect(jobs.isEmpty)
    }
}
