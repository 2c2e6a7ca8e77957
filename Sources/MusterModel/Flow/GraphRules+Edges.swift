/// Rules for single edges.
extension GraphRules {
    static func edges(of step: StepManifest, in manifest: FlowManifest) -> [GraphProblem] {
        var problems: [GraphProblem] = []
        let end = manifest.endName
        if step.name == end {
            if !step.edges.isEmpty {
                problems.append(
                    GraphProblem(
                        .terminal,
                        "step \(end) goes on to \(Self.list(step.edges.flatMap(\.targets))); nothing follows \(end)",
                        step: step))
            }
        } else if step.edges.isEmpty {
            problems.append(
                GraphProblem(
                    .terminal,
                    "step \(step.name) goes on to nothing; only \(end) may: go on to \(end) or to another step",
                    step: step))
        }
        for edge in step.edges {
            problems += self.problems(with: edge, of: step, in: manifest)
        }
        return problems
    }

    private static func problems(with edge: Edge, of step: StepManifest, in manifest: FlowManifest) -> [GraphProblem] {
        var problems: [GraphProblem] = []
        if case .branches(let names) = edge {
            if Set(names).count != names.count {
                problems.append(
                    GraphProblem(
                        .branches, "step \(step.name) branches to the same step twice; use a foreach for that",
                        step: step))
            } else if names.count < 2 {
                problems.append(
                    GraphProblem(
                        .branches, "step \(step.name) branches to \(names.count) steps; branches are two or more",
                        step: step))
            }
        }
        for name in edge.targets {
            guard let target = manifest.step(name) else {
                let hint = NameSuggestion.hint(for: name, among: manifest.steps.map(\.name))
                problems.append(
                    GraphProblem(
                        .unknownStep, "step \(step.name) goes on to \(name), and there is no such step\(hint)",
                        step: step))
                continue
            }
            if let problem = self.problem(entering: target, by: edge, from: step, in: manifest) {
                problems.append(problem)
            }
        }
        return problems
    }

    private static func problem(
        entering target: StepManifest, by edge: Edge, from step: StepManifest, in manifest: FlowManifest
    ) -> GraphProblem? {
        let spelling = FlowSpelling(manifest)
        if case .nodes = edge {
            if target.join != nil {
                return GraphProblem(
                    .gang, "step \(step.name) asks for nodes for the join \(target.name); a join runs on one node",
                    step: step)
            }
            if !target.settings.isGang {
                return GraphProblem(
                    .gang,
                    "step \(step.name) asks for nodes for \(target.name), which is no gang step; put \(spelling.gangDecorators) on \(target.name)",
                    step: step)
            }
        } else if target.settings.isGang {
            return GraphProblem(
                .gang,
                "step \(step.name) goes on to the gang step \(target.name) without nodes; say how many: \(spelling.nodes(for: target.name))",
                step: step)
        } else if edge.fansOut, target.join != nil {
            return GraphProblem(
                .join, "step \(step.name) fans out straight to the join \(target.name); put a step between them",
                step: step)
        }
        if step.settings.isGang, step.name != manifest.startName, step.join == nil, edge.fansOut || target.join == nil {
            return GraphProblem(
                .gang,
                "the gang step \(step.name) goes on to \(target.name), which is no join; every gang is followed by its join",
                step: step)
        }
        return nil
    }

    // MARK: - Paths

    static func reachability(_ manifest: FlowManifest) -> [GraphProblem] {
        var before: [String: Set<String>] = [:]
        for step in manifest.steps {
            for target in step.edges.flatMap(\.targets) { before[target, default: []].insert(step.name) }
        }
        let (start, end) = (manifest.startName, manifest.endName)
        let reached = self.closure(of: start) { manifest.step($0)?.edges.flatMap(\.targets) ?? [] }
        let ending = self.closure(of: end) { Array(before[$0] ?? []) }
        return manifest.steps.compactMap { step in
            if !reached.contains(step.name) {
                return GraphProblem(
                    .unreachable,
                    "step \(step.name) is never reached from \(start); go on to it from somewhere, or remove it",
                    step: step)
            }
            if !ending.contains(step.name) {
                return GraphProblem(
                    .noWayToEnd, "from step \(step.name) no way leads to \(end); give its loop a way out", step: step)
            }
            return nil
        }
    }

    private static func closure(of first: String, _ next: (String) -> [String]) -> Set<String> {
        var seen: Set<String> = [first]
        var open = [first]
        while let name = open.popLast() {
            for other in next(name) where seen.insert(other).inserted { open.append(other) }
        }
        return seen
    }

    static func list(_ names: some Sequence<String>) -> String { names.joined(separator: ", ") }
}
