import SwiftSyntax

/// Traverses the graph from `start` with a stack of open fan-outs, and checks that joins close them.
struct ScopeWalk {
    /// An open fan-out. Two returns that lead to the same steps in the same form are one fan-out.
    private struct Scope: Hashable {
        let form: TransitionSource.Form
        let names: [String]
    }

    private let source: FlowSource
    /// The stack of open fan-outs at each visited step, innermost last.
    private var scopes: [String: [Scope]] = [:]
    /// The joins that close a fan-out.
    private var closers: [(scope: Scope, join: String)] = []
    /// The steps right before each join, with the form of the fan-out that it closes.
    private var arrivals: [String: [(step: String, form: TransitionSource.Form)]] = [:]
    /// The transition that first opens each fan-out.
    private var openers: [Scope: (step: StepSource, transition: TransitionSource)] = [:]
    private var opened: [Scope] = []

    init(_ source: FlowSource) { self.source = source }

    func run(_ report: inout Report) {
        var walk = self
        walk.follow(&report)
        // Each check relies on the one before.
        for check in [walk.checkReachable, walk.checkEnding, walk.checkClosed, walk.checkGangs, walk.checkNames] {
            guard report.problems.isEmpty else { return }
            check(&report)
        }
    }

    private func checkEnding(_ report: inout Report) {
        var ending: Set = ["end"]
        while let step = self.source.steps.first(where: { step in
            !ending.contains(step.name) && step.transitions.contains { !ending.isDisjoint(with: $0.names) }
        }) { ending.insert(step.name) }
        for step in self.source.steps where !ending.contains(step.name) {
            report.error(step.function.name, "from step '\(step.name)' no way leads to 'end'; give its loop a way out")
        }
    }

    private mutating func follow(_ report: inout Report) {
        guard let start = self.source.step("start") else { return }
        self.scopes["start"] = []
        var waiting = [start]
        while let step = waiting.popLast() {
            let open = self.scopes[step.name] ?? []
            for transition in step.transitions {
                // Consequences of a reported mistake are not reported.
                guard report.problems.isEmpty else { return }
                let scope = Scope(form: transition.form, names: transition.names)
                if transition.form != .step, self.openers[scope] == nil {
                    self.openers[scope] = (step, transition)
                    self.opened.append(scope)
                }
                for target in transition.names.compactMap(self.source.step) {
                    let inside = transition.form == .step ? open : open + [scope]
                    guard let entered = self.enter(target, from: step, inside, transition, &report) else { continue }
                    if let known = self.scopes[target.name] {
                        if known != entered { self.reportMixed(target, transition, &report) }
                    } else {
                        self.scopes[target.name] = entered
                        waiting.append(target)
                    }
                }
            }
        }
    }

    /// The stack in `target` when it is reached with `scopes` open; nil if the transition is illegal.
    private mutating func enter(
        _ target: StepSource, from step: StepSource, _ scopes: [Scope], _ transition: TransitionSource,
        _ report: inout Report
    ) -> [Scope]? {
        guard target.isJoin else {
            if target.name == "end", let scope = scopes.last {
                self.closers.append((scope, "end"))
                let opener = self.openers[scope]?.step.name ?? "start"
                report.error(
                    transition.expression,
                    "the fan-out in step '\(opener)' is still open; lead it to a join before 'end'")
                return nil
            }
            return scopes
        }
        guard let scope = scopes.last else {
            report.error(
                transition.expression, "'\(target.name)' has nothing to join: no fan-out is open in step '\(step.name)'"
            )
            return nil
        }
        self.closers.append((scope, target.name))
        self.arrivals[target.name, default: []].append((step.name, scope.form))
        return Array(scopes.dropLast())
    }

    private func reportMixed(_ target: StepSource, _ transition: TransitionSource, _ report: inout Report) {
        report.error(
            transition.expression,
            "step '\(target.name)' is reached inside a fan-out here and outside of it, or inside another one, elsewhere"
        )
    }

    private func checkReachable(_ report: inout Report) {
        for step in self.source.steps where self.scopes[step.name] == nil {
            report.error(step.function.name, "no step leads to '\(step.name)'")
        }
    }

    private func checkClosed(_ report: inout Report) {
        for scope in self.opened {
            guard let (step, transition) = self.openers[scope] else { continue }
            let joins = Set(self.closers.filter { $0.scope == scope }.map(\.join))
            if joins.isEmpty {
                report.error(transition.expression, "the fan-out in step '\(step.name)' is never joined")
            } else if joins.count > 1, !joins.contains("end") {
                let names = joins.sorted().map { "'\($0)'" }.joined(separator: " and ")
                report.error(
                    transition.expression, "the fan-out in step '\(step.name)' ends in \(names); it needs one join")
            }
        }
    }

    private func checkGangs(_ report: inout Report) {
        let gangs = self.source.steps.flatMap(\.transitions).filter { $0.form == .nodes }.flatMap(\.names)
        for step in self.source.steps where gangs.contains(step.name) {
            let wrong = step.transitions.first { transition in
                transition.form != .step || transition.names.contains { self.source.step($0)?.isJoin != true }
            }
            if let wrong {
                report.error(wrong.expression, "the gang '\(step.name)' must lead straight to a join of its nodes")
            }
        }
    }

    private func checkNames(_ report: inout Report) {
        for join in self.source.steps {
            guard case .named(let labels) = join.input, let arrivals = self.arrivals[join.name] else { continue }
            if arrivals.contains(where: { $0.form != .branches }) {
                report.error(
                    join.function.name, "the inputs of join '\(join.name)' have no names; take `_ inputs: [Self]`")
                continue
            }
            let steps = Set(arrivals.map(\.step)).sorted()
            for label in labels where !steps.contains(label.plainName) {
                let before = steps.map { "'\($0)'" }.joined(separator: ", ")
                report.error(
                    label,
                    "join '\(join.name)' has no input '\(label.plainName)'; the steps right before it are \(before)")
            }
            let missing = steps.filter { step in !labels.contains { $0.plainName == step } }
            if !missing.isEmpty, labels.allSatisfy({ steps.contains($0.plainName) }) {
                let names = missing.map { "'\($0)'" }.joined(separator: ", ")
                report.error(join.function.name, "join '\(join.name)' leaves out its input \(names)")
            }
        }
    }
}
