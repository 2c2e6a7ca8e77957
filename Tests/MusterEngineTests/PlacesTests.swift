import MusterBackends
import MusterEngine
import MusterMetadata
import MusterModel
import Testing

/// A run whose steps stand in several places.
@Suite struct PlacesTests {
    /// start ─▶ train (on `queue`) ─▶ join ─▶ end
    private static func manifest(_ change: (inout StepSettings) -> Void = { _ in }) -> FlowManifest {
        var settings = StepSettings()
        settings.isGang = true
        settings.place = PlaceSettings(name: "queue")
        change(&settings)
        return FlowManifest(
            name: "Places", language: "test", folder: "/",
            steps: [
                StepManifest(name: "start", edges: [.nodes(to: "train")]),
                StepManifest(name: "train", edges: [.step(to: "join")], settings: settings),
                StepManifest(name: "join", join: JoinManifest(), edges: [.step(to: "end")]),
                StepManifest(name: "end"),
            ])
    }

    private static func report(_ gang: GangSpec, _ harness: Harness, nodes: Int = 2) -> GangReport? {
        let transition: Transition
        switch gang.step.name {
        case "start": transition = .nodes(to: "train", count: nodes)
        case "train": transition = .step(to: "join")
        case "join": transition = .step(to: "end")
        default: transition = .end
        }
        return .succeeded((0..<gang.size).compactMap { try? harness.result(gang, node: $0, transition) })
    }

    private func queue(_ script: @escaping @Sendable (GangSpec) -> GangReport?) -> ScriptedBackend {
        ScriptedBackend(name: "queue", capacity: nil, script: script)
    }

    /// The record and the events of an engine that was killed when job 99 had been accepted, or before.
    private func beginAndDie(_ harness: Harness, job: String? = "99") async throws {
        try await harness.metadata.create(harness.record())
        try await harness.metadata.append(
            [
                .started, .attemptStarted(task: 1, attempt: 0),
                .attemptSucceeded(
                    task: 1, attempt: 0, nodes: [NodeResult(transition: .nodes(to: "train", count: 2), artifacts: [:])]),
                .attemptStarted(task: 2, attempt: 0),
            ] + (job.map { [.attemptSubmitted(task: 2, attempt: 0, job: $0)] } ?? []),
            to: RunKey(flow: "Places", run: "1"), at: 1)
    }

    @Test("A step runs in its own place, and the others run on this machine")
    func byName() async throws {
        let harness = try Harness(Self.manifest())
        let (local, queue) = (ScriptedBackend { Self.report($0, harness) }, self.queue { Self.report($0, harness) })
        try await harness.metadata.create(harness.record())
        #expect(try await harness.engine(local, beside: [queue]).run() == .succeeded)
        #expect(local.gangs.map(\.step.name) == ["start", "join", "end"])
        #expect(queue.gangs.map(\.step.name) == ["train"])
    }

    @Test("A step whose place is not set up runs on this machine")
    func unknownPlace() async throws {
        let harness = try Harness(Self.manifest())
        let local = ScriptedBackend { Self.report($0, harness) }
        #expect(try await harness.run(local) == .succeeded)
        #expect(local.gangs.count == 4)
    }

    @Test("A place with a queue gets gangs of any size and with any GPUs, whatever this machine has")
    func noReservations() async throws {
        let harness = try Harness(
            Self.manifest { $0.resources = Resources(cpu: 64, gpu: 8, memory: 1 << 40) })
        let queue = self.queue { Self.report($0, harness) }
        let local = ScriptedBackend { Self.report($0, harness, nodes: 64) }
        try await harness.metadata.create(harness.record())
        #expect(try await harness.engine(local, beside: [queue], maxWorkers: 2).run() == .succeeded)
        #expect(queue.gangs.map(\.size) == [64])
        #expect(queue.gangs.first?.allotments.first?.cpus == 64)
        #expect(!harness.observations.contains { if case .warning = $0 { true } else { false } })
    }

    @Test("The job is an event, stored and told when the place has accepted the gang")
    func submitted() async throws {
        let harness = try Harness(Self.manifest())
        let (local, queue) = (ScriptedBackend { Self.report($0, harness) }, self.queue { Self.report($0, harness) })
        try await harness.metadata.create(harness.record())
        _ = try await harness.engine(local, beside: [queue]).run()
        let events = try await harness.events()
        #expect(events.contains(.attemptSubmitted(task: 2, attempt: 0, job: "4711")))
        let attempt = AttemptID(flow: "Places", run: "1", step: "train", task: 2, attempt: 0)
        #expect(
            harness.observations.contains(.attemptSubmitted(attempt: attempt, place: "queue", job: "4711")))
    }

    @Test("A gang that lives on after its engine is taken over with its job, and nothing of it is started again")
    func recovery() async throws {
        let harness = try Harness(Self.manifest())
        let local = ScriptedBackend { Self.report($0, harness) }
        try await self.beginAndDie(harness)
        let queue = self.queue { Self.report($0, harness) }
        #expect(try await harness.engine(local, beside: [queue]).run() == .succeeded)
        #expect(queue.gangs.isEmpty)
        #expect(queue.takenOver.map(\.job) == ["99"])
        #expect(queue.takenOver.map(\.spec.size) == [2])
        #expect(try await !harness.events().contains(.attemptInterrupted(task: 2, attempt: 0)))
    }

    @Test("A gang whose job is not known has the step's Python when it is submitted again", arguments: [true, false])
    func recoveryWithPython(seesFolder: Bool) async throws {
        let harness = try Harness(Self.manifest { $0.python = PythonRequirements(packages: ["six"]) })
        let local = ScriptedBackend { Self.report($0, harness) }
        try await self.beginAndDie(harness, job: nil)
        let queue = ScriptedBackend(name: "queue", capacity: nil, seesFolder: seesFolder) { Self.report($0, harness) }
        #expect(try await harness.engine(local, beside: [queue]).run() == .succeeded)
        let spec = try #require(queue.takenOver.first?.spec)
        #expect(spec.carried == (seesFolder ? nil : NoEnvironments.carried))
        #expect(spec.python == (seesFolder ? "/usr/bin/python3" : nil))
    }

    @Test("A gang whose place is not set up here is named, and not taken for an interrupted one")
    func placeIsGone() async throws {
        let harness = try Harness(Self.manifest())
        try await self.beginAndDie(harness)
        let local = ScriptedBackend { Self.report($0, harness) }
        await #expect(throws: EngineError.self) { try await harness.engine(local).run() }
        #expect(local.gangs.isEmpty)
        #expect(try await harness.events().last == .attemptSubmitted(task: 2, attempt: 0, job: "99"))
    }

    @Test("Ending a run whose engine is dead ends its gangs in a queue too, and waits until they are gone")
    func endOfDeadRun() async throws {
        let harness = try Harness(Self.manifest())
        try await self.beginAndDie(harness)
        let queue = self.queue { _ in nil }
        try await harness.engine(ScriptedBackend { _ in nil }, beside: [queue]).end(reason: "told to")
        #expect(try await harness.events().last == .ended(verdict: .cancelled))
        #expect(try await harness.machine()[2].failure?.code == .cancelled)
    }

    @Test(
        "What a place makes fail is tried again by a budget of its own, and @Retry keeps its attempts; waiting for machines for all nodes has no budget"
    )
    func placeBudget() throws {
        var machine = RunStateMachine(manifest: Self.manifest { $0.retry = RetryPolicy(times: 1, minutesBetween: 2) })
        let (place, body) = (TaskFailure(code: .place, message: "preempted"), TaskFailure(code: .body, message: "no"))
        var split = TaskFailure(code: .split, message: "2 of 4")
        split.retryAfter = 42
        _ = try machine.handle(.started)
        _ = try machine.handle(.attemptStarted(task: 1, attempt: 0))
        _ = try machine.handle(
            .attemptSucceeded(
                task: 1, attempt: 0, nodes: [NodeResult(transition: .nodes(to: "train", count: 1), artifacts: [:])]))
        var delays: [Double] = []
        for (attempt, failure) in [place, split, split, body, split, place, split, place].enumerated() {
            _ = try machine.handle(.attemptStarted(task: 2, attempt: attempt))
            let actions = try machine.handle(
                .attemptFailed(task: 2, attempt: attempt, failure: failure, caught: nil))
            for case .prepare(_, _, let seconds) in actions { delays.append(seconds) }
        }
        #expect(delays == [10, 42, 42, 120, 42, 30, 42, 90])
        _ = try machine.handle(.attemptStarted(task: 2, attempt: 8))
        #expect(try machine.handle(.attemptFailed(task: 2, attempt: 8, failure: place, caught: nil)) == [])
        #expect(machine[2].status == .failed && machine[2].placeFailures == 4 && machine[2].failures == 1)
    }
}
