import MusterModel
import MusterWire
import Testing

@testable import MusterBackends

/// A gang with its clock, for tests that read like a story.
struct GangStory {
    static let job = BackendJob(id: "7", name: "mu-a-train-1-0")
    static let report = GangReport(
        failure: nil, nodes: [NodeReport(index: 0, status: .succeeded)], started: 1, finished: 2)
    static let cancelled = TaskFailure(code: .cancelled, message: "somebody")

    var gang: QueuedGang
    var now = 0.0
    var actions: [QueuedGang.Action] = []

    /// A gang whose job is in the queue.
    static func present(_ change: (inout QueuedGangTiming) -> Void = { _ in }) throws -> GangStory {
        var timing = QueuedGangTiming()
        change(&timing)
        var story = GangStory(gang: QueuedGang(name: Self.job.name, timing: timing, at: 0))
        #expect(try story.happen(.tick) == [.submit])
        #expect(try story.happen(.submitted(Self.job)) == [.observe(.submitted(Self.job)), .look])
        return story
    }

    @discardableResult
    mutating func happen(_ event: QueuedGang.Event) throws -> [QueuedGang.Action] {
        let actions = try self.gang.handle(event, at: self.now)
        self.actions += actions
        return actions
    }

    /// Time passes, a tick a second, with the scheduler's answer every ten.
    @discardableResult
    mutating func wait(_ seconds: Int, _ state: JobState? = nil) throws -> [QueuedGang.Action] {
        var actions: [QueuedGang.Action] = []
        for second in 1...seconds {
            self.now += 1
            if let state, second % 10 == 0 { actions += try self.happen(.looked(state)) }
            actions += try self.happen(.tick)
        }
        return actions
    }

    var finished: [GangReport] {
        self.actions.compactMap { if case .observe(.finished(let report)) = $0 { report } else { nil } }
    }
    var stops: [TaskFailure] {
        self.actions.compactMap { if case .stop(let failure) = $0 { failure } else { nil } }
    }
    var warnings: [String] {
        self.actions.compactMap { if case .observe(.warning(let text)) = $0 { text } else { nil } }
    }
    var cancels: [BackendJob] { self.actions.compactMap { if case .cancel(let job) = $0 { job } else { nil } } }
}

@Suite struct QueuedGangTests {
    static let waits = JobState.queued(JobWait(reason: "Resources"))
    static let hopeless = JobState.queued(JobWait(reason: "BadConstraints", advice: "ask for less", isHopeless: true))
    static let failed = JobState.ended(JobEnd(kind: .failed, reason: "FAILED", exitCode: 1))
    static let nodeFailed = JobState.ended(JobEnd(kind: .nodeFailed, reason: "NODE_FAIL"))
    static let forgotten = JobState.ended(JobEnd(kind: .forgotten, reason: "Invalid job id"))
    static let timedOut = BackendError(code: .unreachable, message: "Socket timed out", isTransient: true)

    @Test(
        "A gang waits, runs and finishes with its report; its job may leave by itself and is cancelled when it does not"
    )
    func life() throws {
        var story = try GangStory.present()
        #expect(try story.happen(.looked(Self.waits)) == [.observe(.waits(JobWait(reason: "Resources")))])
        #expect(try story.happen(.looked(Self.waits)) == [])
        #expect(try story.happen(.looked(.running(hosts: ["a"]))) == [.observe(.runs(hosts: ["a"]))])
        #expect(try story.happen(.status(.joined(node: 0))) == [.observe(.status(.joined(node: 0)))])
        #expect(try story.happen(.report(GangStory.report)) == [.observe(.finished(GangStory.report)), .look])
        #expect(try story.wait(14).isEmpty)
        #expect(try story.wait(1) == [.cancel(GangStory.job), .look])
        #expect(try story.happen(.looked(Self.failed)) == [.over])
        #expect(story.finished == [GangStory.report])
    }

    @Test("A scheduler that says nothing for an hour changes nothing, and is told of once")
    func unknown() throws {
        var story = try GangStory.present()
        try story.happen(.looked(.running(hosts: [])))
        try story.happen(.word)
        try story.wait(3600, .unknown(reason: "hangs"))
        #expect(story.finished.isEmpty && story.cancels.isEmpty)
        #expect(story.warnings.count == 1)
        try story.happen(.looked(.running(hosts: [])))
        #expect(story.warnings.count == 2)
        try story.happen(.report(GangStory.report))
        #expect(story.finished == [GangStory.report])
    }

    @Test("A job that is over is lost when the store has been silent for 90 s since, not before")
    func lost() throws {
        var story = try GangStory.present()
        try story.happen(.word)
        story.now = 50
        try story.happen(.looked(Self.forgotten))
        try story.wait(89, Self.forgotten)
        #expect(story.finished.isEmpty)
        try story.wait(1)
        #expect(story.finished.first?.failure?.code == .place)
        #expect(story.actions.last == .over)
    }

    @Test("A word of the store, or an answer that takes the end back, starts the 90 s anew")
    func notLost() throws {
        var story = try GangStory.present()
        try story.happen(.looked(Self.forgotten))
        try story.wait(80)
        try story.happen(.word)
        try story.wait(80)
        #expect(story.finished.isEmpty)
        try story.happen(.looked(.running(hosts: [])))
        try story.wait(200, .unknown(reason: ""))
        #expect(story.finished.isEmpty)
        try story.happen(.looked(Self.forgotten))
        try story.wait(89)
        #expect(story.finished.isEmpty)
    }

    @Test("A reason that can never go away fails the attempt within 60 s, one that is said for a moment does not")
    func hopelessness() throws {
        var story = try GangStory.present()
        try story.wait(10, Self.hopeless)
        try story.wait(10, Self.waits)
        try story.wait(40, Self.hopeless)
        let failure = story.stops.first
        #expect(failure?.code == .refused)
        #expect(failure?.message.contains("BadConstraints: ask for less") == true)
        #expect(story.cancels == [GangStory.job])
        try story.happen(.looked(.ended(JobEnd(kind: .cancelled, reason: "CANCELLED"))))
        #expect(story.finished.map(\.failure) == [failure])
        #expect(story.now <= 60)
    }

    private static func split(_ placed: Int?) -> JobState {
        .queued(JobWait(reason: "Unschedulable", advice: "ask for less", placed: placed))
    }

    @Test(
        "A gang of which some nodes hold machines for too long lets go of them, which is nobody's fault and has no budget"
    )
    func split() throws {
        var story = try GangStory.present { $0.placement = 60 }
        // Whoever holds nothing keeps nobody waiting.
        try story.wait(100, Self.split(nil))
        #expect(story.stops.isEmpty)
        try story.wait(50, Self.split(2))
        // All of them have come, or none: the time begins anew.
        try story.wait(10, .running(hosts: []))
        try story.wait(60, Self.split(2))
        #expect(story.stops.isEmpty)
        try story.wait(20, Self.split(3))
        let failure = try #require(story.stops.first)
        #expect(failure.code == .split && failure.code.fault == .place && failure.code.canRetry)
        #expect(
            failure.message.contains("3 nodes had machines") && failure.message.contains("Unschedulable: ask for less"))
        #expect(story.cancels == [GangStory.job])
        try story.happen(.looked(.ended(JobEnd(kind: .cancelled, reason: "its pods were removed"))))
        #expect(story.finished.map(\.failure?.code) == [.split])
        #expect(story.gang.remains == GangStory.job)
    }

    @Test(
        "A process that was killed is one whose memory was used up when the scheduler says so, and killed by somebody else otherwise"
    )
    func killed() throws {
        var report = GangStory.report
        report.failure = TaskFailure(code: .signal, message: "killed by signal 9", node: 0, signal: 9)
        var story = try GangStory.present()
        try story.happen(.looked(.running(hosts: ["a"])))
        #expect(try story.happen(.report(report)) == [.look])
        try story.happen(.looked(.ended(JobEnd(kind: .outOfMemory, reason: "OOMKilled at its limit of 200Mi"))))
        #expect(story.finished.first?.failure?.message.contains("its limit of 200Mi") == true)
        #expect(story.finished.first?.failure?.code == .signal)

        var other = try GangStory.present()
        try other.happen(.looked(.running(hosts: ["a"])))
        try other.happen(.report(report))
        try other.happen(.looked(Self.failed))
        #expect(other.finished == [report])
    }

    @Test("A gang that has formed is not split, whatever its place says")
    func formed() throws {
        var story = try GangStory.present { $0.placement = 60 }
        try story.wait(10, Self.split(1))
        try story.happen(.status(.started(node: 0)))
        try story.wait(200, Self.split(1))
        #expect(story.stops.isEmpty)
    }

    @Test("Of each kind of end without a report the failure says whose fault it is", arguments: JobEnd.Kind.allCases)
    func faults(kind: JobEnd.Kind) throws {
        var story = try GangStory.present()
        try story.happen(.looked(.ended(JobEnd(kind: kind, reason: "WORD"))))
        try story.wait(90)
        let failure = try #require(story.finished.first?.failure)
        let expected: TaskFailure.Fault = kind.isPlace ? .place : kind == .completed ? .muster : .user
        #expect(failure.code.fault == expected)
        #expect(failure.message.contains("WORD"))
        #expect(failure.code.canRetry == (kind != .cancelled))
    }

    @Test("A gang that is to end gets 5 s for its report, is then cancelled, and again every 30 s until it is gone")
    func stop() throws {
        var story = try GangStory.present()
        try story.happen(.word)
        #expect(try story.happen(.stop(GangStory.cancelled)) == [.stop(GangStory.cancelled)])
        #expect(try story.wait(4).isEmpty)
        try story.wait(70)
        #expect(story.cancels.count == 3)
        #expect(story.finished.isEmpty)
        try story.happen(.looked(Self.failed))
        try story.wait(5)
        #expect(story.finished.map(\.failure) == [GangStory.cancelled])
    }

    @Test("A gang of which no node has spoken is cancelled at once when it is to end")
    func stopInQueue() throws {
        var story = try GangStory.present()
        try story.happen(.looked(Self.waits))
        #expect(
            try story.happen(.stop(GangStory.cancelled)) == [
                .stop(GangStory.cancelled), .cancel(GangStory.job), .look,
            ])
        #expect(
            try story.happen(.looked(Self.failed)) == [
                .look, .observe(.finished(.none(GangStory.cancelled))), .over,
            ])
    }

    @Test("A report that comes while the gang is being ended is the truth")
    func reportWins() throws {
        var story = try GangStory.present()
        try story.happen(.word)
        try story.happen(.stop(GangStory.cancelled))
        try story.happen(.report(GangStory.report))
        try story.wait(100, Self.failed)
        #expect(story.finished == [GangStory.report])
    }

    @Test("A job that cannot be ended is given up after five minutes, with a word for a person")
    func abandoned() throws {
        var story = try GangStory.present()
        try story.happen(.stop(GangStory.cancelled))
        try story.wait(301, .unknown(reason: ""))
        #expect(story.finished.map(\.failure) == [GangStory.cancelled])
        #expect(story.warnings.contains { $0.contains("by hand") && $0.contains("7") })
    }

    @Test("A submission that fails is repeated after 5, 10, 20, 40, 60 s, and given up after half an hour")
    func submissionFails() throws {
        var story = GangStory(gang: QueuedGang(name: "n", timing: QueuedGangTiming(), at: 0))
        try story.happen(.tick)
        var submissions: [Double] = []
        while story.finished.isEmpty, story.now < 4000 {
            try story.happen(.submissionFailed(Self.timedOut))
            while story.finished.isEmpty, !(try story.wait(1).contains(.submit)) {}
            submissions.append(story.now)
        }
        #expect(submissions.prefix(6) == [5, 15, 35, 75, 135, 195])
        #expect(story.now >= 1800 && story.now < 1900)
        #expect(story.finished.first?.failure?.code == .place)
        #expect(story.warnings.count == 1)
        // It may have been accepted: whatever has the name is ended.
        #expect(story.cancels == [BackendJob(id: "", name: "n")])
    }

    @Test("A request that is refused fails the attempt at once")
    func refused() throws {
        var story = GangStory(gang: QueuedGang(name: "n", timing: QueuedGangTiming(), at: 0))
        try story.happen(.tick)
        let error = BackendError(code: .refused, message: "no such partition", isTransient: false)
        try story.happen(.submissionFailed(error))
        #expect(story.finished.first?.failure?.message == "no such partition")
        #expect(story.finished.first?.failure?.code == .refused)
        #expect(story.cancels.isEmpty)
    }

    @Test("A gang that is ended while it is being submitted is not submitted again, and leaves no job")
    func stopWhileSubmitting() throws {
        var accepted = GangStory(gang: QueuedGang(name: "n", timing: QueuedGangTiming(), at: 0))
        try accepted.happen(.tick)
        try accepted.happen(.stop(GangStory.cancelled))
        try accepted.happen(.submitted(GangStory.job))
        #expect(accepted.cancels == [GangStory.job])
        var failed = GangStory(gang: QueuedGang(name: "n", timing: QueuedGangTiming(), at: 0))
        try failed.happen(.tick)
        try failed.happen(.stop(GangStory.cancelled))
        try failed.happen(.submissionFailed(Self.timedOut))
        #expect(failed.cancels == [BackendJob(id: "", name: "n")])
        #expect(failed.finished.map(\.failure) == [GangStory.cancelled])
        #expect(!failed.actions.dropFirst().contains(.submit))
    }

    @Test("A job that runs while no node writes a word is ended after 300 s, and that is the place's fault")
    func silentNodes() throws {
        var story = try GangStory.present()
        try story.wait(290, .running(hosts: []))
        #expect(story.cancels.isEmpty)
        try story.wait(20, .running(hosts: []))
        #expect(story.cancels == [GangStory.job])
        try story.happen(.looked(Self.failed))
        #expect(story.finished.first?.failure?.code == .place)
    }

    @Test("A job waits as long as its deadline allows")
    func queueDeadline() throws {
        var story = try GangStory.present { $0.queue = 120 }
        try story.wait(129, Self.waits)
        #expect(story.cancels.isEmpty)
        try story.wait(2, Self.waits)
        try story.happen(.looked(Self.failed))
        #expect(story.finished.first?.failure?.code == .timeout)
    }

    @Test(
        "A step says in minutes how long its job may wait, in the words of both languages",
        arguments: [
            (["queue_deadline": .int(2)], 120), (["queueDeadline": .double(0.5)], 30),
            (["queue_deadline": .string("1.5")], 90), ([:], nil),
        ] as [([String: JSONValue], Double?)])
    func stepsDeadline(options: [String: JSONValue], seconds: Double?) {
        #expect(PlaceSettings(name: "batch", options: options).queueDeadline == seconds)
    }

    @Test("A gang whose job another engine has submitted is taken up where it is")
    func adopted() throws {
        var story = GangStory(gang: QueuedGang(name: "n", timing: QueuedGangTiming(), job: GangStory.job, at: 0))
        try story.happen(.tick)
        try story.happen(.status(.started(node: 0)))
        try story.happen(.report(GangStory.report))
        #expect(!story.actions.contains(.submit))
        #expect(story.finished == [GangStory.report])
    }

    private static let ousted = GangReport.none(
        TaskFailure(code: .place, message: "slurm told node 1 to end by SIGTERM", node: 1))

    @Test(
        "Agents that the place ended leave the reason to the scheduler: only what is the place's fault stays its fault",
        arguments: [
            (JobEnd.Kind.timeLimit, TaskFailure.Code.timeout), (.cancelled, .cancelled), (.outOfMemory, .signal),
            (.preempted, .place), (.nodeFailed, .place), (.failed, .place),
        ])
    func ousted(kind: JobEnd.Kind, code: TaskFailure.Code) throws {
        var story = try GangStory.present()
        try story.happen(.looked(.running(hosts: ["a", "b"])))
        #expect(try story.happen(.report(Self.ousted)) == [.look])
        try story.happen(.report(Self.ousted))
        #expect(story.finished.isEmpty)
        try story.happen(.looked(.ended(JobEnd(kind: kind, reason: "SAID"))))
        #expect(story.finished.map(\.failure?.code) == [code])
        #expect(story.finished.first?.failure?.message.contains("SAID") == true)
        #expect(story.gang.phase == .over)
    }

    @Test("A scheduler that does not say why it ends a job is not waited for; a wish to end is the reason itself")
    func oustedSilently() throws {
        var story = try GangStory.present()
        try story.happen(.report(Self.ousted))
        try story.wait(16)
        #expect(story.finished == [Self.ousted])
        #expect(story.cancels == [GangStory.job] || story.gang.phase != .over)
        var wished = try GangStory.present()
        try wished.happen(.stop(GangStory.cancelled))
        try wished.happen(.report(Self.ousted))
        #expect(wished.finished.map(\.failure) == [GangStory.cancelled])
    }

    @Test("A gang that is stopped before its submission begins is never submitted")
    func withdrawn() throws {
        var story = GangStory(gang: QueuedGang(name: GangStory.job.name, timing: QueuedGangTiming(), at: 0))
        #expect(try story.happen(.tick) == [.submit])
        #expect(throws: IllegalQueuedGangEvent.self) { try story.happen(.withdrawn) }
        try story.happen(.stop(GangStory.cancelled))
        #expect(
            try story.happen(.withdrawn) == [.observe(.finished(.none(GangStory.cancelled))), .over])
        #expect(throws: IllegalQueuedGangEvent.self) { try story.happen(.withdrawn) }
    }

    @Test("Settings that say something go before what a backend program says of itself")
    func settings() {
        let program = BackendCapabilities(lookEvery: 1, submissionBurst: 5, submissionsPerSecond: 10, reuseWindow: 30)
        var settings = QueueSettings()
        #expect(program.changed(by: settings) == program)
        settings.submissionBurst = 100
        settings.submissionInterval = 0.5
        settings.reuseWindow = 0
        settings.lookInterval = 20
        let changed = program.changed(by: settings)
        #expect(changed.submissionBurst == 100 && changed.submissionsPerSecond == 2)
        #expect(changed.reuseWindow == 0 && changed.lookEvery == 20)
        settings.reuseWindow = 10
        #expect(BackendCapabilities().changed(by: settings).reuseWindow == 0)
    }

    private static let terminated = GangReport.none(
        TaskFailure(code: .signal, message: "the step was ended by SIGTERM", node: 1, signal: 15))

    @Test(
        "A step that SIGTERM has ended is the place's failure where the scheduler has ended the job, and its own elsewhere",
        arguments: [
            (JobState.ended(JobEnd(kind: .preempted, reason: "PREEMPTED")), TaskFailure.Code.place),
            (.ended(JobEnd(kind: .nodeFailed, reason: "NODE_FAIL")), .place),
            (.ended(JobEnd(kind: .timeLimit, reason: "TIMEOUT")), .timeout),
            (.ended(JobEnd(kind: .cancelled, reason: "CANCELLED")), .cancelled),
            (.ended(JobEnd(kind: .failed, reason: "FAILED")), .signal),
            (.ended(JobEnd(kind: .completed, reason: "COMPLETED")), .signal),
            (.queued(JobWait(reason: "BeginTime")), .place), (.running(hosts: []), .signal),
            (.unknown(reason: "hangs"), .signal),
        ])
    func terminatedStep(state: JobState, code: TaskFailure.Code) throws {
        var story = try GangStory.present()
        try story.happen(.looked(.running(hosts: ["a", "b"])))
        #expect(try story.happen(.report(Self.terminated)) == [.look])
        try story.happen(.looked(state))
        try story.wait(16, state)
        #expect(story.finished.map(\.failure?.code) == [code])
        #expect(story.finished.first?.failure?.signal == 15 || code == .timeout || code == .cancelled)
    }

    private static let loss = GangReport.none(TaskFailure(code: .lost, message: "node 1 was lost", node: 1))

    @Test("When a node is lost the place is at fault, and the job is ended soon: srun would hold the others")
    func lostNode() throws {
        var story = try GangStory.present()
        try story.happen(.looked(.running(hosts: ["a", "b"])))
        #expect(try story.happen(.report(Self.loss)) == [.look])
        try story.wait(2)
        #expect(story.finished.isEmpty)
        try story.wait(2)
        #expect(story.finished.map(\.failure?.code) == [.place])
        #expect(story.finished.first?.failure?.node == 1 && story.finished.first?.failure?.message == "node 1 was lost")
        #expect(story.cancels == [GangStory.job])
        try story.happen(.looked(.running(hosts: ["a", "b"])))
        #expect(story.gang.phase != .over)
        #expect(try story.happen(.cancelled) == [.over])
    }

    @Test(
        "A node that is lost because its job had used up memory or time, or was cancelled, is no fault of the place",
        arguments: [
            (JobEnd.Kind.outOfMemory, TaskFailure.Code.signal), (.timeLimit, .timeout), (.cancelled, .cancelled),
            (.failed, .place), (.nodeFailed, .place),
        ])
    func explainedLoss(kind: JobEnd.Kind, code: TaskFailure.Code) throws {
        var story = try GangStory.present()
        try story.happen(.looked(.running(hosts: ["a", "b"])))
        try story.happen(.report(Self.loss))
        try story.happen(.looked(.ended(JobEnd(kind: kind, reason: "SAYS_SLURM"))))
        #expect(story.finished.map(\.failure?.code) == [code])
        #expect(story.finished.first?.failure?.message.contains("SAYS_SLURM") == true)
    }

    @Test("While a job runs and not all nodes have come, the scheduler is asked which have ended")
    func asksForEndedNodes() throws {
        var story = try GangStory.present { $0.inspection = 15 }
        let running = JobState.running(hosts: [])
        try story.happen(.looked(running))
        #expect(try story.wait(14, running) == [])
        #expect(try story.wait(1) == [.inspect(GangStory.job)])
        #expect(try story.wait(15, running) == [.inspect(GangStory.job)])
        try story.happen(.nodesEnded([:]))
        #expect(story.stops == [])
        let end = JobEnd(kind: .failed, reason: "no curl", exitCode: 2)
        try story.happen(.nodesEnded([3: JobEnd(kind: .nodeFailed, reason: "host lost"), 1: end]))
        let failure = try #require(story.stops.first)
        #expect(failure.code == .exit && failure.node == 1 && failure.exitCode == 2)
        #expect(failure.message.contains("no curl"))
    }

    @Test("A host that is lost before its node has joined is the place's fault")
    func lostBeforeJoining() throws {
        var story = try GangStory.present()
        try story.happen(.looked(.running(hosts: [])))
        try story.happen(.nodesEnded([2: JobEnd(kind: .nodeFailed, reason: "host lost")]))
        #expect(story.stops.map(\.code) == [.place])
    }

    @Test("A gang that has formed knows by itself which nodes are lost")
    func formedGangIsNotInspected() throws {
        var story = try GangStory.present()
        let running = JobState.running(hosts: [])
        try story.happen(.looked(running))
        try story.happen(.status(.started(node: 0)))
        #expect(try story.wait(60, running) == [])
        try story.happen(.nodesEnded([1: JobEnd(kind: .failed, reason: "late")]))
        #expect(story.stops == [])
    }

    @Test("Where nodes are processes of one machine a lost node was killed, and counts as any failure")
    func lostProcess() throws {
        var story = GangStory(
            gang: QueuedGang(
                name: GangStory.job.name, timing: QueuedGangTiming(),
                capabilities: BackendCapabilities(losesNodes: false), at: 0))
        try story.happen(.tick)
        try story.happen(.submitted(GangStory.job))
        try story.happen(.report(Self.loss))
        #expect(story.finished == [Self.loss])
        try story.wait(1)
        #expect(story.cancels == [GangStory.job])
    }
}
