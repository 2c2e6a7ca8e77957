import MusterBackends
import MusterEngine
import MusterModel
import MusterStore
import MusterWire
import Testing

@Suite struct RetryAndCatchTests {
    static func flow(_ change: (inout StepSettings) -> Void) -> FlowManifest {
        var work = StepManifest(name: "work", edges: [.step(to: "join")], settings: .gang)
        change(&work.settings)
        return FlowManifest(
            name: "Retry", language: "test", folder: "/",
            steps: [
                StepManifest(name: "start", edges: [.nodes(to: "work")]), work,
                StepManifest(name: "join", join: JoinManifest(), edges: [.step(to: "end")]),
                StepManifest(name: "end"),
            ])
    }

    static func transition(_ gang: GangSpec) -> Transition {
        switch gang.step.name {
        case "start": .nodes(to: "work", count: 2)
        case "work": .step(to: "join")
        case "join": .step(to: "end")
        default: .end
        }
    }

    static let failure = TaskFailure(code: .exit, message: "exit code 3", node: 1, exitCode: 3)

    /// `work` fails in its first `failures` attempts; node 0 had finished each time.
    private func backend(_ harness: Harness, failures: Int) -> ScriptedBackend {
        ScriptedBackend { gang in
            let results = (0..<gang.size).compactMap { try? harness.result(gang, node: $0, Self.transition(gang)) }
            guard gang.step.name == "work", gang.attempt.attempt < failures else { return .succeeded(results) }
            return GangReport(
                failure: Self.failure,
                nodes: [
                    NodeReport(index: 0, status: .succeeded, result: results[0]), NodeReport(index: 1, status: .failed),
                ], started: 0, finished: 1)
        }
    }

    @Test(
        "A failed attempt is tried again as often as @Retry says, and no oftener",
        arguments: [(2, RunVerdict.succeeded), (3, .failed)])
    func retries(failures: Int, verdict: RunVerdict) async throws {
        let harness = try Harness(Self.flow { $0.retry = RetryPolicy(times: 2, minutesBetween: 0.0001) })
        let backend = self.backend(harness, failures: failures)
        #expect(try await harness.run(backend) == verdict)
        #expect(backend.gangs.filter { $0.step.name == "work" }.map(\.attempt.attempt) == [0, 1, 2])
    }

    @Test("@Catch goes on with what there is: finished nodes' artifacts, and the failure under its name")
    func catches() async throws {
        let harness = try Harness(Self.flow { $0.catchInto = "failure" })
        let backend = self.backend(harness, failures: .max)
        #expect(try await harness.run(backend) == .succeeded)
        let join = try #require(backend.gangs.first { $0.step.name == "join" })
        #expect(join.inputs.count == 2)
        let caught = try join.inputs.map { input in
            try JSONValue(parsing: harness.artifacts.data(try #require(input.artifacts["failure"]))).decode(
                TaskFailure.self)
        }
        #expect(caught == [Self.failure, Self.failure])
        let traces = try join.inputs.map { try harness.artifacts.data(try #require($0.artifacts["trace"])) }
        #expect(traces.map { String(decoding: $0, as: UTF8.self) } == ["\"work/0\"", "\"start/0\""])
    }

    @Test(
        "What a failing body had set is there after @Catch, and can be read of the task without it",
        arguments: [true, false])
    func partial(catches: Bool) async throws {
        let harness = try Harness(Self.flow { if catches { $0.catchInto = "failure" } })
        let found = try harness.artifacts.put("41".utf8.map { $0 }, encoding: .json)
        let backend = ScriptedBackend { gang in
            let results = (0..<gang.size).compactMap { try? harness.result(gang, node: $0, Self.transition(gang)) }
            guard gang.step.name == "work" else { return .succeeded(results) }
            let nodes = [
                NodeReport(index: 0, status: .stopped),
                NodeReport(index: 1, status: .failed, left: ["found": found]),
            ]
            return GangReport(failure: Self.failure, nodes: nodes, started: 0, finished: 1)
        }
        #expect(try await harness.run(backend) == (catches ? .succeeded : .failed))
        let join = backend.gangs.first { $0.step.name == "join" }
        #expect(join?.inputs.map { $0.artifacts["found"] } == (catches ? [nil, found] : nil))
        var machine = RunStateMachine(manifest: harness.manifest)
        for event in try await harness.events() { _ = try machine.handle(event) }
        let work = try #require(machine.tasks.first { $0.step == "work" })
        #expect(work.artifacts(node: 1)?["found"] == found)
        #expect((work.artifacts(node: 0) != nil) == catches)
    }

    @Test("@Catch guards a step that branches, and the last one", arguments: ["start", "end"])
    func catchesAnywhere(name: String) async throws {
        var steps = [
            StepManifest(name: "start", edges: [.branches(to: ["a", "b"])]),
            StepManifest(name: "a", edges: [.step(to: "join")]), StepManifest(name: "b", edges: [.step(to: "join")]),
            StepManifest(name: "join", join: JoinManifest(), edges: [.step(to: "end")]), StepManifest(name: "end"),
        ]
        let index = try #require(steps.firstIndex { $0.name == name })
        steps[index].settings.catchInto = "failure"
        let harness = try Harness(FlowManifest(name: "Catch", language: "test", folder: "/", steps: steps))
        let backend = ScriptedBackend { gang in
            guard gang.step.name != name, let transition = gang.step.transitionWithoutBody,
                let result = try? harness.result(gang, node: 0, transition)
            else {
                let node = NodeReport(index: 0, status: .failed)
                return GangReport(failure: Self.failure, nodes: [node], started: 0, finished: 1)
            }
            return .succeeded([result])
        }
        #expect(try await harness.run(backend) == .succeeded)
        #expect(backend.gangs.map(\.step.name).sorted() == ["a", "b", "end", "join", "start"])
        var machine = RunStateMachine(manifest: harness.manifest)
        for event in try await harness.events() { _ = try machine.handle(event) }
        #expect(machine.tasks.first { $0.step == name }?.artifacts(node: 0)?["failure"] != nil)
    }

    @Test("A failure lets running tasks end and starts nothing new")
    func drains() async throws {
        let harness = try Harness(Self.flow { _ in })
        let backend = self.backend(harness, failures: 1)
        #expect(try await harness.run(backend) == .failed)
        #expect(!backend.gangs.contains { $0.step.name == "join" })
        #expect(try await harness.events().last == .ended(verdict: .failed))
    }
}
