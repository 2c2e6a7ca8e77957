/// Fan-outs and the joins that close them.
///
/// Every step stands in a fixed list of open fan-outs, outermost first, on whatever way it is reached. An edge that
/// fans out opens one more, a join closes the innermost, and nothing is open at `end`.
extension GraphRules {
    static func scopes(_ manifest: FlowManifest) -> [GraphProblem] {
        var walk = ScopeWalk(manifest: manifest)
        walk.run()
        return walk.problems + walk.closingProblems()
    }
}

/// Follows every edge once and notes in which fan-outs each step stands.
private struct ScopeWalk {
    let manifest: FlowManifest
    var problems: [GraphProblem] = []
    /// The fan-outs that are open when the step begins; for a join, before it closes one.
    private var entered: [String: [Edge]] = [:]
    /// The joins that close each fan-out, by the edge that opens it.
    private var closers: [Edge: Set<String>] = [:]
    private var openers: [Edge: StepManifest] = [:]
    private var predecessors: [String: Set<String>] = [:]

    init(manifest: FlowManifest) { self.manifest = manifest }

    mutating func run() {
        var open: [(name: String, scopes: [Edge], from: StepManifest?)] = [(self.manifest.startName, [], nil)]
        while let (name, scopes, from) = open.popLast() {
            guard let step = self.manifest.step(name) else { continue }
            if let from { self.predecessors[name, default: []].insert(from.name) }
            if let known = self.entered[name] {
                if known != scopes { self.reportDisagreement(step, known, scopes, from) }
                continue
            }
            self.entered[name] = scopes
            guard let inside = self.enter(step, scopes) else { continue }
            for edge in step.edges.reversed() {
                if edge.fansOut { self.openers[edge] = step }
                for target in edge.targets.reversed() {
                    open.append((target, edge.fansOut ? inside + [edge] : inside, step))
                }
            }
        }
    }

    /// The fan-outs that are open in the step's body; nil when following it makes no sense.
    private mutating func enter(_ step: StepManifest, _ scopes: [Edge]) -> [Edge]? {
        guard step.join != nil else {
            if step.name == self.manifest.endName, let scope = scopes.last {
                self.problems.append(
                    GraphProblem(
                        .scope,
                        "\(step.name) is reached inside the fan-out to \(GraphRules.list(scope.targets)); join it first",
                        step: self.openers[scope] ?? step))
                return nil
            }
            return scopes
        }
        guard let scope = scopes.last else {
            self.problems.append(
                GraphProblem(
                    .join, "the join \(step.name) has nothing to join: no fan-out is open before it", step: step))
            return nil
        }
        self.closers[scope, default: []].insert(step.name)
        return scopes.dropLast()
    }

    private mutating func reportDisagreement(
        _ step: StepManifest, _ known: [Edge], _ scopes: [Edge], _ from: StepManifest?
    ) {
        // Joins that close several fan-outs are told apart by what is open around these.
        if step.join != nil, known.count == scopes.count, known.dropLast() == scopes.dropLast(), let scope = scopes.last
        {
            self.closers[scope, default: []].insert(step.name)
            return
        }
        let place = { (scopes: [Edge]) in
            scopes.last.map { "inside the fan-out to \(GraphRules.list($0.targets))" } ?? "outside of any fan-out"
        }
        let message =
            known.last == scopes.last || known.count > scopes.count + 1 || scopes.count > known.count + 1
            ? "step \(step.name) is reached at different depths of fan-outs"
            : "step \(step.name) is reached both \(place(known)) and \(place(scopes))"
        self.problems.append(
            GraphProblem(
                .scope,
                "\(message)\(from.map { ", the latter from \($0.name)" } ?? ""); give every way its own step, or join first",
                step: step))
    }

    // MARK: - Afterwards

    /// Every fan-out is closed by one join, and joins name exactly what comes before them.
    func closingProblems() -> [GraphProblem] {
        guard self.problems.isEmpty else { return [] }
        var problems: [GraphProblem] = []
        for step in self.manifest.steps {
            for edge in step.edges where edge.fansOut && self.openers[edge]?.name == step.name {
                let joins = (self.closers[edge] ?? []).sorted()
                if joins.count > 1 {
                    problems.append(
                        GraphProblem(
                            .scope,
                            "the fan-out of \(step.name) to \(GraphRules.list(edge.targets)) is closed by several joins (\(GraphRules.list(joins))); let every way lead to one",
                            step: step))
                }
            }
            if let problem = self.nameProblem(step) { problems.append(problem) }
        }
        return problems
    }

    private func nameProblem(_ step: StepManifest) -> GraphProblem? {
        guard let names = step.join?.names else { return nil }
        guard case .branches(let branches)? = self.entered[step.name]?.last else {
            return GraphProblem(
                .joinNames,
                "the join \(step.name) takes its inputs by name, but it joins no branches; take them as a list",
                step: step)
        }
        let before = self.predecessors[step.name] ?? []
        guard Set(names) == before, names.count == before.count else {
            return GraphProblem(
                .joinNames,
                "the join \(step.name) names the inputs \(GraphRules.list(names)), but the steps before it are \(GraphRules.list(before.sorted()))",
                step: step)
        }
        guard before.count == branches.count else {
            return GraphProblem(
                .joinNames,
                "the join \(step.name) takes its inputs by name, but \(before.count) steps lead to it from \(branches.count) branches; take them as a list",
                step: step)
        }
        return nil
    }
}
