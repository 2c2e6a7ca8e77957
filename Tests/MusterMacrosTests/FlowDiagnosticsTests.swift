import Testing

@Suite struct FlowDiagnosticsTests {
    /// A mistake: its name, the members of the flow with a mark before the place, and the message.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let name: String
        let members: String
        let message: String
        var testDescription: String { self.name }
    }

    private static let end = "@Step func end() {}"

    @Test(
        "A mistake is reported once, at its own line and column",
        arguments: Self.graph + Self.form + Self.signatures + Self.properties)
    func reports(mistake: Mistake) throws {
        let text = "@Flow\nstruct Broken {\n\(mistake.members)\n}"
        let (source, problem) = try Expansion.expectation(text, mistake.message)
        #expect(try Expansion(source).problems == [problem])
    }

    private static let graph = [
        Mistake(
            name: "an unknown step, with a suggestion",
            members: """
                @Step func start() -> Next { .⇒trian }
                @Step func train() -> Next { .end }
                \(end)
                """,
            message: "flow 'Broken' has no step 'trian'; did you mean 'train'?"),
        Mistake(
            name: "an unknown step, far from every other",
            members: """
                @Step func start() -> Next { return .⇒somewhere(nodes: 3) }
                \(end)
                """,
            message: "flow 'Broken' has no step 'somewhere'"),
        Mistake(
            name: "a method that is not marked",
            members: """
                @Step func start() -> Next { .⇒train }
                func train() -> Next { .end }
                \(end)
                """,
            message: "flow 'Broken' has no step 'train': the method of that name is not marked with @Step or @Join"),
        Mistake(
            name: "an unreachable step",
            members: """
                @Step func start() -> Next { .end }
                @Step func ⇒lonely() -> Next { .end }
                \(end)
                """,
            message: "no step leads to 'lonely'"),
        Mistake(
            name: "a loop without a way out",
            members: """
                @Step func start() -> Next { true ? .end : .turn }
                @Step func ⇒turn() -> Next { .turn }
                \(end)
                """,
            message: "from step 'turn' no way leads to 'end'; give its loop a way out"),
        Mistake(
            name: "a way back to start",
            members: """
                @Step func start() -> Next { .turn }
                @Step func turn() -> Next { if true { return .⇒start }; return .end }
                \(end)
                """,
            message: "nothing leads back to 'start'; put the first step of the loop after it"),
        Mistake(
            name: "a fan-out that is never joined",
            members: """
                @Step func start() -> Next { .work(foreach: [1]) }
                @Step func work(_ item: Int) -> Next { ⇒.end }
                \(end)
                """,
            message: "the fan-out in step 'start' is still open; lead it to a join before 'end'"),
        Mistake(
            name: "a join of nothing",
            members: """
                @Step func start() -> Next { ⇒.join }
                @Join func join(_ inputs: [Self]) -> Next { .end }
                \(end)
                """,
            message: "'join' has nothing to join: no fan-out is open in step 'start'"),
        Mistake(
            name: "branches that end in different joins",
            members: """
                @Step func start() -> Next { ⇒.all(.left, .right) }
                @Step func left() -> Next { .one }
                @Step func right() -> Next { .two }
                @Join func one(_ inputs: [Self]) -> Next { .end }
                @Join func two(_ inputs: [Self]) -> Next { .end }
                \(end)
                """,
            message: "the fan-out in step 'start' ends in 'one' and 'two'; it needs one join"),
        Mistake(
            name: "a step inside and outside of a fan-out",
            members: """
                @Step func start() -> Next { true ? .work : .all(.work, .other) }
                @Step func work() -> Next { .join }
                @Step func other() -> Next { .join }
                @Join func join(_ inputs: [Self]) -> Next { .end }
                \(end)
                """.replacingFirst(".all(.work", with: "⇒.all(.work"),
            message: "step 'work' is reached inside a fan-out here and outside of it, or inside another one, elsewhere"),
        Mistake(
            name: "a gang that is not followed by a join",
            members: """
                @Step func start() -> Next { .train(nodes: 2) }
                @Parallel @Step func train() -> Next { ⇒.after }
                @Step func after() -> Next { .join }
                @Join func join(_ inputs: [Self]) -> Next { .end }
                \(end)
                """,
            message: "the gang 'train' must lead straight to a join of its nodes"),
        Mistake(
            name: "a join with a label that is no step before it",
            members: """
                @Step func start() -> Next { .all(.left, .right) }
                @Step func left() -> Next { .join }
                @Step func right() -> Next { .join }
                @Join func join(left: Self, ⇒rihgt: Self) -> Next { .end }
                \(end)
                """,
            message: "join 'join' has no input 'rihgt'; the steps right before it are 'left', 'right'"),
        Mistake(
            name: "a join that leaves out a branch",
            members: """
                @Step func start() -> Next { .all(.left, .right) }
                @Step func left() -> Next { .join }
                @Step func right() -> Next { .join }
                @Join func ⇒join(left: Self) -> Next { .end }
                \(end)
                """,
            message: "join 'join' leaves out its input 'right'"),
        Mistake(
            name: "a foreach joined by name",
            members: """
                @Step func start() -> Next { .work(foreach: [1]) }
                @Step func work(_ item: Int) -> Next { .join }
                @Join func ⇒join(work: Self) -> Next { .end }
                \(end)
                """,
            message: "the inputs of join 'join' have no names; take `_ inputs: [Self]`"),
    ]

    private static let form = [
        Mistake(
            name: "a gang entered without nodes",
            members: """
                @Step func start() -> Next { .⇒train }
                @Torchrun(processesPerNode: 2) @Step func train() -> Next { .join }
                @Join func join(_ inputs: [Self]) -> Next { .end }
                \(end)
                """,
            message: "step 'train' is a gang; enter it with `.train(nodes: …)`"),
        Mistake(
            name: "nodes for a step that is no gang",
            members: """
                @Step func start() -> Next { .⇒train(nodes: 2) }
                @Retry @Step func train() -> Next { .end }
                \(end)
                """,
            message: "step 'train' is no gang; add a decorator such as @Parallel or enter it with `.train`"),
        Mistake(
            name: "no nodes",
            members: """
                @Step func start() -> Next { .train(nodes: ⇒0) }
                @Parallel @Step func train() -> Next { .join }
                @Join func join(_ inputs: [Self]) -> Next { .end }
                \(end)
                """,
            message: "a gang has 1 to 4096 nodes, not 0"),
        Mistake(
            name: "less than no nodes",
            members: """
                @Step func start() -> Next { .train(nodes: ⇒-1) }
                @Parallel @Step func train() -> Next { .join }
                @Join func join(_ inputs: [Self]) -> Next { .end }
                \(end)
                """,
            message: "a gang has 1 to 4096 nodes, not -1"),
        Mistake(
            name: "a million nodes",
            members: """
                @Step func start() -> Next { .train(nodes: ⇒1_000_000) }
                @Parallel @Step func train() -> Next { .join }
                @Join func join(_ inputs: [Self]) -> Next { .end }
                \(end)
                """,
            message: "a gang has 1 to 4096 nodes, not 1000000"),
        Mistake(
            name: "an element for a step that takes none",
            members: """
                @Step func start() -> Next { .⇒work(foreach: [1]) }
                @Step func work() -> Next { .end }
                \(end)
                """,
            message: "step 'work' takes no element; give it a parameter, as in `func work(_ item: Int)`"),
        Mistake(
            name: "no element for a step that takes one",
            members: """
                @Step func start() -> Next { .⇒work }
                @Step func work(_ item: Int) -> Next { .end }
                \(end)
                """,
            message: "step 'work' takes an element; enter it with `.work(foreach: …)`"),
        Mistake(
            name: "a gang as a branch",
            members: """
                @Step func start() -> Next { .all(.⇒train, .other) }
                @Parallel @Step func train() -> Next { .join }
                @Step func other() -> Next { .join }
                @Join func join(_ inputs: [Self]) -> Next { .end }
                \(end)
                """,
            message: "step 'train' is a gang; enter it with `.train(nodes: …)`"),
        Mistake(
            name: "a branch twice",
            members: """
                @Step func start() -> Next { .all(.left, .⇒left) }
                @Step func left() -> Next { .join }
                @Join func join(_ inputs: [Self]) -> Next { .end }
                \(end)
                """,
            message: "step 'left' is a branch twice; each branch needs a step of its own"),
        Mistake(
            name: "a transition in a variable",
            members: """
                @Step func start() -> Next { let next = Next.end; return ⇒next }
                \(end)
                """,
            message:
                "write the transition out, as in `return .end`: the flow's graph is read from the source, and this is "
                + "only known at run time"),
        Mistake(
            name: "@Catch with two ways on",
            members: """
                var failure: TaskFailure?
                @Step func start() -> Next { .risky }
                ⇒@Catch(into: "failure") @Step func risky() -> Next { true ? .end : .other }
                @Step func other() -> Next { .end }
                \(end)
                """,
            message: "@Catch needs one way on, and step 'risky' has 2: after a failure nobody chooses"),
        Mistake(
            name: "@Catch into something else",
            members: """
                var failure: String?
                @Step func start() -> Next { .risky }
                @Catch(into: ⇒"failure") @Step func risky() -> Next { .end }
                \(end)
                """,
            message:
                "@Catch puts the failure into an artifact of type TaskFailure?; declare `var failure: TaskFailure?`"),
    ]

    private static let signatures = [
        Mistake(
            name: "a step that returns nothing",
            members: """
                @Step func ⇒start() {}
                \(end)
                """,
            message: "step 'start' must return `Next`, where the flow goes from here"),
        Mistake(
            name: "a step that only throws",
            members: """
                @Step func ⇒start() throws -> Next { throw Failure() }
                \(end)
                """,
            message: "step 'start' leads nowhere; return a transition such as `.end`"),
        Mistake(
            name: "two parameters",
            members: """
                @Step func start() -> Next { .work(foreach: [1]) }
                @Step func work(_ item: Int, ⇒_ other: Int) -> Next { .join }
                @Join func join(_ inputs: [Self]) -> Next { .end }
                \(end)
                """,
            message: "step 'work' can take one parameter: the element of a foreach"),
        Mistake(
            name: "a join without inputs",
            members: """
                @Step func start() -> Next { .end }
                @Join func ⇒join() -> Next { .end }
                \(end)
                """,
            message: "join 'join' must take `_ inputs: [Self]`, or one `Self` for each step before it, as in "
                + "`left: Self, right: Self`"),
        Mistake(
            name: "a step twice",
            members: """
                @Step func start() -> Next { .end }
                @Step func ⇒start() async -> Next { .end }
                \(end)
                """,
            message: "the flow has two steps called 'start'; rename one"),
    ]

    @Test("A flow without a start or an end is reported at its name", arguments: ["start", "end"])
    func missing(step: String) throws {
        let members = step == "start" ? Self.end : "@Step func start() -> Next { .end }"
        let expansion = try Expansion("@Flow\nstruct Broken {\n\(members)\n}")
        #expect(expansion.problems.first?.message.hasPrefix("flow 'Broken' has no step '\(step)'; add") == true)
        #expect(expansion.problems.first?.line == 2)
        #expect(expansion.problems.first?.column == 8)
    }

    private static let steps = "@Step func start() -> Next { .end }\n@Step func end() {}"

    private static let properties = [
        Mistake(
            name: "an artifact without a default", members: "var ⇒count: Int\n\(steps)",
            message: "artifact 'count' needs a default: it has no value before the step that sets it"),
        Mistake(
            name: "a function as an artifact", members: "var done: ⇒() -> Void = {}\n\(steps)",
            message: "artifact 'done' cannot be kept: a function is not Codable"),
        Mistake(
            name: "an existential as an artifact", members: "var value: ⇒any Error = Failure()\n\(steps)",
            message: "artifact 'value' cannot be kept: 'any Error' is not Codable"),
        Mistake(
            name: "two artifacts in one var", members: "⇒var a = 1, b = 2\n\(steps)",
            message: "declare each artifact in a `var` of its own"),
        Mistake(
            name: "a lazy artifact", members: "⇒lazy var a = 1\n\(steps)",
            message: "artifact 'a' cannot be `lazy`: it is kept from step to step"),
        Mistake(
            name: "a constant parameter", members: "@Parameter ⇒let a = 1\n\(steps)",
            message: "parameter 'a' must be a `var`; steps cannot assign to it"),
    ]

    @Test("A slip in a step's name can be corrected by a fix-it")
    func fixIt() throws {
        let expansion = try Expansion("@Flow struct A {\n@Step func start() -> Next { .edn }\n@Step func end() {}\n}")
        #expect(expansion.fixIts == ["write 'end'"])
    }

    @Test("A wrong use gets a constructor too, so that the type checker does not report it again")
    func noCascade() throws {
        let expansion = try Expansion(
            "@Flow struct A {\n@Step func start() -> Next { .edn(nodes: 2) }\n@Step func end() {}\n}")
        #expect(expansion.problems.count == 1)
        #expect(expansion.members.joined().contains("static func edn(nodes count: Swift.Int)"))
    }
}

extension String {
    fileprivate func replacingFirst(_ text: String, with other: String) -> String {
        guard let range = self.firstRange(of: text) else { return self }
        return self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
