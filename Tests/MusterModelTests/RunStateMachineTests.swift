import MusterModel
import Testing

@Suite struct RunStateMachineTests {
    static let manifest = FlowManifest(
        name: "F", language: "test", folder: "/",
        steps: [
            StepManifest(name: "start", edges: [.branches(to: ["a", "b"])]),
            StepManifest(name: "a", edges: [.step(to: "join")]),
            StepManifest(name: "b", edges: [.step(to: "join")], settings: retryOnce),
            StepManifest(name: "join", join: JoinManifest(), edges: [.step(to: "end")]),
            StepManifest(name: "end"),
        ])
    static var retryOnce: StepSettings {
        var settings = StepSettings()
        settings.retry = RetryPolicy(times: 1, minutesBetween: 2)
        return settings
    }

    static let branches = [NodeResult(transition: .branches(to: ["a", "b"]), artifacts: [:])]
    static let toJoin = [NodeResult(transition: .step(to: "join"), artifacts: [:])]
    static let failure = TaskFailure(code: .exit, message: "exit code 1")

    private func machine(_ events: [RunEvent]) throws -> RunStateMachine {
        var machine = RunStateMachine(manifest: Self.manifest)
        for event in events { _ = try machine.handle(event) }
        return machine
    }

    static let running: [RunEvent] = [
        .started, .attemptStarted(task: 1, attempt: 0), .attemptSucceeded(task: 1, attempt: 0, nodes: branches),
        .attemptStarted(task: 2, attempt: 0),
    ]
    static let draining =
        running + [
            .attemptStarted(task: 3, attempt: 0), .attemptFailed(task: 2, attempt: 0, failure: failure, caught: nil),
        ]
    static let over =
        draining + [
            .attemptSucceeded(task: 3, attempt: 0, nodes: toJoin), .ended(verdict: .failed),
        ]

    /// One of every event, each right for task 2 while it runs.
    static let everyEvent: [RunEvent] = [
        .started, .attemptStarted(task: 3, attempt: 0), .attemptSucceeded(task: 2, attempt: 0, nodes: toJoin),
        .attemptFailed(task: 2, attempt: 0, failure: failure, caught: nil),
        .attemptInterrupted(task: 2, attempt: 0), .cloned(task: 3, fromRun: "0", fromTask: 3, nodes: toJoin),
        .cancelled(failure: failure), .ended(verdict: .failed), .ended(verdict: .succeeded),
        .attemptSubmitted(task: 2, attempt: 0, job: "7"),
    ]

    @Test("Every event in every phase is either applied or thrown back, and what is thrown back changes nothing")
    func everyEventInEveryPhase() throws {
        let phases: [(String, [RunEvent], legal: [Int])] = [
            ("idle", [], [0]),
            ("running", Self.running, [1, 2, 3, 4, 5, 6, 9]),
            ("draining", Self.draining, [6]),
            ("over", Self.over, []),
        ]
        for (name, history, legal) in phases {
            for (index, event) in Self.everyEvent.enumerated() {
                var machine = try self.machine(history)
                let before = machine
                do {
                    _ = try machine.handle(event)
                    #expect(legal.contains(index), "\(event) was taken while \(name)")
                } catch {
                    #expect(!legal.contains(index), "\(event) was refused while \(name): \(error)")
                    #expect(machine.phase == before.phase && machine.tasks == before.tasks)
                }
            }
        }
    }

    @Test("A join starts when the last of its branches has come, with its inputs in branch order")
    func join() throws {
        var machine = try self.machine(Self.running + [.attemptStarted(task: 3, attempt: 0)])
        // Branch b is faster.
        #expect(try machine.handle(.attemptSucceeded(task: 3, attempt: 0, nodes: Self.toJoin)) == [])
        let actions = try machine.handle(.attemptSucceeded(task: 2, attempt: 0, nodes: Self.toJoin))
        #expect(actions == [.prepare(task: 4, attempt: 0, seconds: 0)])
        #expect(machine[4].parents == [2, 3])
        #expect(machine[4].scopes.isEmpty)
    }

    @Test("A retry waits as long as its policy says; an interrupted attempt counts against none")
    func retry() throws {
        var machine = try self.machine(Self.running + [.attemptStarted(task: 3, attempt: 0)])
        #expect(
            try machine.handle(.attemptInterrupted(task: 3, attempt: 0)) == [.prepare(task: 3, attempt: 1, seconds: 0)])
        _ = try machine.handle(.attemptStarted(task: 3, attempt: 1))
        #expect(
            try machine.handle(.attemptFailed(task: 3, attempt: 1, failure: Self.failure, caught: nil))
                == [.prepare(task: 3, attempt: 2, seconds: 120)])
        _ = try machine.handle(.attemptStarted(task: 3, attempt: 2))
        #expect(try machine.handle(.attemptFailed(task: 3, attempt: 2, failure: Self.failure, caught: nil)) == [])
        #expect(machine.phase == .draining(.failed))
    }

    @Test("A failed run ends only when the last running attempt has ended")
    func draining() throws {
        var machine = try self.machine(Self.draining)
        #expect(machine.dueVerdict == nil)
        _ = try machine.handle(.attemptSucceeded(task: 3, attempt: 0, nodes: Self.toJoin))
        #expect(machine.dueVerdict == .failed)
        #expect(machine.ready.isEmpty)
    }

    @Test(
        "A failure that no attempt can mend is not retried",
        arguments: [TaskFailure.Code.refused, .cancelled, .contract])
    func noRetry(code: TaskFailure.Code) throws {
        var machine = try self.machine(Self.running + [.attemptStarted(task: 3, attempt: 0)])
        let failure = TaskFailure(code: code, message: "no")
        #expect(try machine.handle(.attemptFailed(task: 3, attempt: 0, failure: failure, caught: nil)) == [])
        #expect(machine[3].status == .failed)
    }
}
