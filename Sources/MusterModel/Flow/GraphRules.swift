/// The rules of a flow's graph, checked on its manifest, so that they hold for every front end.
///
/// All problems are returned, in the order of the source; those that only follow from another one are left out.
package enum GraphRules {
    /// The problems of the flow; none for a flow that can run.
    package static func problems(in manifest: FlowManifest) -> [GraphProblem] {
        guard manifest.version == FlowManifest.currentVersion else {
            return [Self.wrongVersion(manifest)]
        }
        let source = (manifest.problems ?? []).map { GraphProblem($0) }
        // A step whose source is wrong has no edges to judge.
        let misread = Set(source.compactMap(\.step))
        let names = source + self.names(manifest) + self.requiredSteps(manifest) + self.parameters(manifest)
        let edges = manifest.steps.filter { !misread.contains($0.name) }.flatMap { self.edges(of: $0, in: manifest) }
        let settings = manifest.steps.flatMap { self.settings(of: $0, in: manifest) }
        // Paths are only worth following in a graph whose edges lead somewhere.
        let isWhole =
            misread.isEmpty
            && !(names + edges).contains { [.duplicate, .missingStep, .unknownStep, .terminal].contains($0.code) }
        let paths = isWhole ? self.reachability(manifest) : []
        let scopes = isWhole && edges.isEmpty && paths.isEmpty ? self.scopes(manifest) : []
        return names + edges + paths + scopes + settings
    }

    private static func wrongVersion(_ manifest: FlowManifest) -> GraphProblem {
        let advice =
            manifest.version > FlowManifest.currentVersion
            ? "update muster" : "build the flow with the version of Muster that runs it"
        return GraphProblem(
            .version,
            "the flow \(manifest.name) speaks version \(manifest.version) of the step protocol and this muster speaks \(FlowManifest.currentVersion); \(advice)"
        )
    }

    // MARK: - Names

    private static func names(_ manifest: FlowManifest) -> [GraphProblem] {
        var problems: [GraphProblem] = []
        if !self.isName(manifest.name) {
            problems.append(
                GraphProblem(
                    .name, "'\(manifest.name)' cannot be a flow's name; \(Self.nameRule)", location: manifest.location))
        }
        var seen: Set<String> = []
        for step in manifest.steps {
            if !self.isName(step.name) {
                problems.append(
                    GraphProblem(.name, "'\(step.name)' cannot be a step's name; \(Self.nameRule)", step: step))
            }
            if !seen.insert(step.name).inserted {
                problems.append(
                    GraphProblem(.duplicate, "there are two steps called \(step.name); rename one", step: step))
            }
        }
        for artifact in manifest.artifacts where !self.isName(artifact) {
            problems.append(GraphProblem(.name, "'\(artifact)' cannot be an artifact's name; \(Self.nameRule)"))
        }
        return problems
    }

    private static let nameRule = "use a letter, then letters, digits and _ (at most 100)"

    /// Names become folders, variables and parts of pathspecs.
    static func isName(_ name: String, allowing extra: String = "") -> Bool {
        guard let first = name.unicodeScalars.first, name.utf8.count <= 100 else { return false }
        return (first.properties.isAlphabetic || first == "_")
            && name.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_"
                    || extra.unicodeScalars.contains($0)
            }
    }

    private static func requiredSteps(_ manifest: FlowManifest) -> [GraphProblem] {
        [manifest.startName, manifest.endName].filter { manifest.step($0) == nil }.map {
            GraphProblem(
                .missingStep,
                "the flow \(manifest.name) has no step called \($0)\(NameSuggestion.hint(for: $0, among: manifest.steps.map(\.name))); add it: a run begins at \(manifest.startName) and is over after \(manifest.endName)",
                location: manifest.location
            )
        }
    }

    private static func parameters(_ manifest: FlowManifest) -> [GraphProblem] {
        var problems: [GraphProblem] = []
        var seen: Set<String> = []
        for parameter in manifest.parameters {
            let location = parameter.location
            if !self.isName(parameter.name, allowing: "-") {
                problems.append(
                    GraphProblem(
                        .name, "'\(parameter.name)' cannot be a parameter's name; \(Self.nameRule)", location: location)
                )
            }
            if !seen.insert(parameter.name).inserted {
                problems.append(
                    GraphProblem(
                        .duplicate, "there are two parameters called \(parameter.name); rename one", location: location)
                )
            }
            if manifest.artifacts.contains(parameter.artifact?.name ?? parameter.name) {
                problems.append(
                    GraphProblem(
                        .clash, "\(parameter.name) is both a parameter and an artifact; rename one", location: location)
                )
            }
            if case .choice(let cases) = parameter.kind, cases.isEmpty {
                problems.append(
                    GraphProblem(
                        .range, "the parameter \(parameter.name) has no cases to choose from", location: location))
            }
        }
        return problems
    }
}
