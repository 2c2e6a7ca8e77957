import SwiftSyntax

/// Checks the flow's graph while it compiles. The same rules are checked again on the manifest at run time.
struct GraphCheck {
    let source: FlowSource

    init(_ source: FlowSource) { self.source = source }

    func run(_ report: inout Report) {
        self.checkEnds(&report)
        for step in self.source.steps {
            for transition in step.transitions { TransitionCheck(self.source, transition).run(&report) }
            self.checkCatch(step, &report)
        }
        // The checks below would only repeat mistakes that have been reported.
        guard report.problems.isEmpty, self.source.steps.allSatisfy(\.isReadable) else { return }
        ScopeWalk(self.source).run(&report)
    }

    private func checkEnds(_ report: inout Report) {
        let name = self.source.structure.name
        if self.source.step("start") == nil && !self.declares("start") {
            report.error(
                name, "flow '\(self.source.name)' has no step 'start'; add `@Step mutating func start() -> Next`")
        }
        if self.source.step("end") == nil && !self.declares("end") {
            report.error(name, "flow '\(self.source.name)' has no step 'end'; add `@Step func end() {}`")
        }
        for step in self.source.steps where ["start", "end"].contains(step.name) && step.isKnownGang {
            report.error(step.function.name, "'\(step.name)' cannot be a gang: no transition with `nodes:` leads to it")
        }
        if let start = self.source.step("start"), start.isJoin {
            report.error(start.function.name, "'start' is the first step and has nothing to join")
        }
    }

    /// True if a step of this name exists and its signature has been reported.
    private func declares(_ name: String) -> Bool {
        self.source.structure.memberBlock.members.contains { member in
            guard let function = member.decl.as(FunctionDeclSyntax.self), function.name.text == name else {
                return false
            }
            return function.attributes.contains { ["Step", "Join"].contains($0.as(AttributeSyntax.self)?.plainName) }
        }
    }

    private func checkCatch(_ step: StepSource, _ report: inout Report) {
        guard let attribute = step.decorators.first(where: { $0.plainName == "Catch" }) else { return }
        let ways = Set(step.transitions.map { "\($0.form) \($0.names)" })
        if ways.count > 1 {
            report.error(
                attribute,
                "@Catch needs one way on, and step '\(step.name)' has \(ways.count): after a failure nobody chooses")
        } else if let fanOut = step.transitions.first(where: { $0.form == .foreach || $0.form == .nodes }) {
            report.error(
                attribute,
                "@Catch cannot be on step '\(step.name)', which fans out to '\(fanOut.names[0])': after a failure nobody "
                    + "knows how wide")
        }
        guard case .argumentList(let arguments) = attribute.arguments, let argument = arguments.first else { return }
        guard let name = argument.expression.literalText else {
            report.error(argument.expression, "write the artifact's name out, as in `@Catch(into: \"failure\")`")
            return
        }
        let types: Set = ["TaskFailure?", "Optional<TaskFailure>", "Muster.TaskFailure?"]
        let property = self.source.properties.first { $0.name == name && $0.kind == .artifact }
        if property?.type.map({ types.contains($0.trimmedDescription) }) != true {
            report.error(
                argument.expression,
                "@Catch puts the failure into an artifact of type TaskFailure?; declare `var \(name): TaskFailure?`")
        }
    }
}
