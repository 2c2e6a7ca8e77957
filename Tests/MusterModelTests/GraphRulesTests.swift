import MusterModel
import Testing

/// A step in as few words as possible; its line is its place in the list.
private func step(
    _ name: String, _ edges: Edge..., join: JoinManifest? = nil, gang: Bool = false,
    _ change: (inout StepSettings) -> Void = { _ in }
) -> StepManifest {
    var settings = StepSettings()
    settings.isGang = gang
    change(&settings)
    return StepManifest(
        name: name, location: SourceLocation(file: "flow.swift", line: 7), join: join, edges: edges, settings: settings)
}

private func flow(
    _ steps: StepManifest..., parameters: [ParameterManifest] = [], artifacts: [String] = [], name: String = "Demo"
) -> FlowManifest {
    FlowManifest(
        name: name, language: "swift", folder: "/flow", parameters: parameters, steps: steps, artifacts: artifacts)
}

private let end = step("end")
private let anyJoin = JoinManifest()

@Suite struct GraphRulesTests {
    @Test(
        "A flow that follows the rules has no problems",
        arguments: [
            flow(step("start", .step(to: "end")), end),
            flow(
                step("start", .branches(to: ["a", "b"])), step("a", .step(to: "join")), step("b", .step(to: "join")),
                step("join", .step(to: "end"), join: JoinManifest(names: ["a", "b"])), end),
            flow(
                step("start", .foreach(to: "outer")), step("outer", .foreach(to: "inner")),
                step("inner", .step(to: "joinInner")),
                step("joinInner", .step(to: "joinOuter"), join: anyJoin),
                step("joinOuter", .step(to: "end"), join: anyJoin), end),
            flow(
                step("start", .nodes(to: "train")), step("train", .step(to: "join"), gang: true),
                step("join", .step(to: "end"), join: anyJoin), end),
            // A choice and a loop inside of a foreach.
            flow(
                step("start", .foreach(to: "work")), step("work", .step(to: "check")),
                step("check", .step(to: "work"), .step(to: "join")), step("join", .step(to: "end"), join: anyJoin), end),
            // A choice between two fan-outs that one join closes, in a loop that goes around both.
            flow(
                step("start", .foreach(to: "a"), .foreach(to: "b")), step("a", .step(to: "join")),
                step("b", .step(to: "join")),
                step("join", .step(to: "start"), .step(to: "end"), join: anyJoin), end),
            flow(
                step("start", .nodes(to: "train")),
                step("train", .step(to: "join"), gang: true) { $0.catchInto = "failure" },
                step("join", .step(to: "end"), join: anyJoin), end),
        ])
    func accepts(manifest: FlowManifest) {
        #expect(GraphRules.problems(in: manifest) == [])
    }

    @Test("A flow says which steps its run begins and ends with, and one step can be both")
    func namedEnds() {
        var manifest = flow(step("first", .step(to: "end")), step("end", .step(to: "last")), step("last"))
        manifest.start = "first"
        manifest.end = "last"
        #expect(GraphRules.problems(in: manifest).isEmpty)
        manifest.end = "finish"
        #expect(GraphRules.problems(in: manifest).map(\.code) == [.missingStep, .terminal])
        var single = flow(step("only"))
        single.start = "only"
        single.end = "only"
        #expect(GraphRules.problems(in: single).isEmpty)
        var machine = RunStateMachine(manifest: single)
        #expect(throws: Never.self) { _ = try machine.handle(.started) }
        #expect(machine.ready.map(\.step) == ["only"])
    }

    @Test("What a front end found in the source comes first, and what only follows from it is left out")
    func sourceProblems() {
        var manifest = flow(step("start"), step("lost", .step(to: "end")), end)
        let place = SourceLocation(file: "flow.py", line: 9)
        manifest.problems = [
            SourceProblem(
                code: "flow.transition", message: "step start does not say what comes next", step: "start",
                location: place),
            SourceProblem(code: "flow.from-the-future", message: "something else"),
        ]
        let problems = GraphRules.problems(in: manifest)
        #expect(problems.map(\.code) == [.transition, .source])
        #expect(problems.first?.description == "flow.py:9: step start does not say what comes next")
    }

    @Test(
        "A message spells what has to be written in the flow's own language",
        arguments: [
            ("swift", ".train(nodes: …)", "@Torchrun"),
            ("python", "self.next(self.train, num_parallel=…)", "@torchrun"),
        ])
    func spelling(language: String, nodes: String, decorator: String) {
        var entered = flow(
            step("start", .step(to: "train")), step("train", .step(to: "join"), gang: true),
            step("join", .step(to: "end"), join: anyJoin), end)
        entered.language = language
        #expect(GraphRules.problems(in: entered).first?.message.contains(nodes) == true)
        var asked = flow(
            step("start", .nodes(to: "train")), step("train", .step(to: "join")),
            step("join", .step(to: "end"), join: anyJoin), end)
        asked.language = language
        #expect(GraphRules.problems(in: asked).first?.message.contains(decorator) == true)
    }

    @Test(
        "A broken rule is named with its step",
        arguments: [
            (
                flow(step("start", .step(to: "traim")), step("train", .step(to: "end")), end), "start",
                GraphProblem.Code.unknownStep, "(did you mean 'train'?)"
            ),
            (
                flow(step("start", .step(to: "end")), end, step("lost", .step(to: "end"))), "lost", .unreachable,
                "never reached"
            ),
            (
                flow(step("start", .step(to: "end"), .step(to: "spin")), step("spin", .step(to: "spin")), end), "spin",
                .noWayToEnd, "way out"
            ),
            (
                flow(step("start", .step(to: "end"), .step(to: "stop")), step("stop"), end), "stop", .terminal,
                "only end may"
            ),
            (
                flow(step("start", .step(to: "end")), step("end", .step(to: "start"))), "end", .terminal,
                "nothing follows end"
            ),
            (flow(step("start", .step(to: "end")), end, end), "end", .duplicate, "two steps called end"),
            (
                flow(
                    step("start", .branches(to: ["a", "a"])), step("a", .step(to: "join")),
                    step("join", .step(to: "end"), join: anyJoin), end), "start", .branches, "twice"
            ),
            (
                flow(
                    step("start", .branches(to: ["a"])), step("a", .step(to: "join")),
                    step("join", .step(to: "end"), join: anyJoin), end), "start", .branches, "two or more"
            ),
            (
                flow(step("start", .step(to: "join")), step("join", .step(to: "end"), join: anyJoin), end), "join",
                .join, "nothing to join"
            ),
            (
                flow(step("start", .foreach(to: "join")), step("join", .step(to: "end"), join: anyJoin), end), "start",
                .join, "straight to the join"
            ),
            (
                flow(step("start", .foreach(to: "a")), step("a", .step(to: "end")), end), "start", .scope,
                "inside the fan-out to a"
            ),
            (
                flow(
                    step("start", .foreach(to: "a"), .step(to: "a")), step("a", .step(to: "join")),
                    step("join", .step(to: "end"), join: anyJoin), end), "a", .scope, "both"
            ),
            (
                flow(
                    step("start", .branches(to: ["a", "b"])), step("a", .step(to: "j1")), step("b", .step(to: "j2")),
                    step("j1", .step(to: "end"), join: anyJoin), step("j2", .step(to: "end"), join: anyJoin), end),
                "start", .scope, "several joins (j1, j2)"
            ),
            (
                flow(
                    step("start", .branches(to: ["a", "b"])), step("a", .step(to: "join")),
                    step("b", .step(to: "join")),
                    step("join", .step(to: "end"), join: JoinManifest(names: ["a", "c"])), end), "join", .joinNames,
                "are a, b"
            ),
            (
                flow(
                    step("start", .foreach(to: "a")), step("a", .step(to: "join")),
                    step("join", .step(to: "end"), join: JoinManifest(names: ["a"])), end), "join", .joinNames,
                "no branches"
            ),
            (
                flow(
                    step("start", .nodes(to: "a")), step("a", .step(to: "join")),
                    step("join", .step(to: "end"), join: anyJoin), end), "start", .gang, "no gang step"
            ),
            (
                flow(step("start", .step(to: "a")), step("a", .step(to: "end"), gang: true), end), "start", .gang,
                "without nodes"
            ),
            (
                flow(
                    step("start", .nodes(to: "a")), step("a", .step(to: "b"), gang: true), step("b", .step(to: "end")),
                    end), "a", .gang, "followed by its join"
            ),
            (flow(step("start", .step(to: "end"), gang: true), end), "start", .gang, "cannot be a gang"),
            (
                flow(
                    step("start", .step(to: "end"), .step(to: "a")) { $0.catchInto = "x" }, step("a", .step(to: "end")),
                    end), "start", .caught, "only its body can say"
            ),
            (
                flow(
                    step("start", .foreach(to: "a")) { $0.catchInto = "x" }, step("a", .step(to: "join")),
                    step("join", .step(to: "end"), join: anyJoin), end), "start", .caught, "only its body can say"
            ),
            (flow(step("start", .step(to: "end")) { $0.retry.times = -1 }, end), "start", .range, "retries are -1"),
            (flow(step("start", .step(to: "end")) { $0.timeout = 0 }, end), "start", .range, "timeout"),
            (flow(step("start", .step(to: "end")) { $0.timeout = .nan }, end), "start", .range, "timeout"),
            (
                flow(step("start", .step(to: "end")) { $0.resources = Resources(cpu: -2) }, end), "start", .range,
                "cpu is -2"
            ),
            (
                flow(step("start", .step(to: "end")) { $0.resources = Resources(memory: .max) }, end), "start", .range,
                "memory"
            ),
            (
                flow(step("start", .step(to: "end")) { $0.environment = ["A=B": "1"] }, end), "start", .range,
                "environment variable"
            ),
            (
                flow(step("start", .step(to: "../x")), step("../x", .step(to: "end")), end), "../x", .name,
                "cannot be a step's name"
            ),
        ])
    func refuses(manifest: FlowManifest, step: String, code: GraphProblem.Code, words: String) throws {
        let problem = try #require(GraphRules.problems(in: manifest).first { $0.code == code && $0.step == step })
        #expect(problem.message.contains(words), "\(problem)")
        #expect(problem.description.hasPrefix("flow.swift:7: "))
    }

    @Test("Every problem is returned, and none that only follows from another")
    func all() {
        let manifest = flow(
            step("start", .step(to: "tarin")) { $0.timeout = -1 }, step("train", .step(to: "end")), end,
            parameters: [ParameterManifest(name: "epochs", kind: .int), ParameterManifest(name: "epochs", kind: .int)],
            artifacts: ["epochs"])
        #expect(GraphRules.problems(in: manifest).map(\.code) == [.clash, .duplicate, .clash, .unknownStep, .range])
    }

    @Test("A manifest of another version of the protocol is not read any further")
    func version() {
        var manifest = flow(step("start"))
        manifest.version = 99
        #expect(GraphRules.problems(in: manifest).map(\.code) == [.version])
    }

    @Test("Missing start and end are named with what was meant")
    func missing() {
        var manifest = flow(step("strat", .step(to: "ende")), step("ende"))
        manifest.location = SourceLocation(file: "flow.py", line: 3)
        let problems = GraphRules.problems(in: manifest)
        #expect(problems.filter { $0.description.hasPrefix("flow.py:3: the flow") }.count == 2)
        let messages = problems.map(\.message)
        #expect(messages.contains { $0.contains("no step called start (did you mean 'strat'?)") })
        #expect(messages.contains { $0.contains("no step called end (did you mean 'ende'?)") })
    }
}
