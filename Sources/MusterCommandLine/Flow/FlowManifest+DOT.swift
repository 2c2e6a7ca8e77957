import MusterModel

/// The flow's graph in Graphviz's language: `muster show --dot | dot -Tsvg`.
extension FlowManifest {
    func dot() -> String {
        var lines = [
            "digraph \(Self.quoted(self.name)) {",
            "    rankdir=TB;",
            "    node [shape=box, style=rounded, fontname=\"Helvetica\"];",
            "    edge [fontname=\"Helvetica\", fontsize=10];",
        ]
        for step in self.steps { lines.append("    \(Self.node(step));") }
        for step in self.steps {
            for edge in step.edges {
                // The step takes one of several edges; those are dashed.
                lines += Self.arrows(from: step.name, edge, isChoice: step.edges.count > 1).map { "    \($0);" }
            }
        }
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    private static func node(_ step: StepManifest) -> String {
        let label = [step.name, step.summary.flatMap { $0.split(whereSeparator: \.isNewline).first.map(String.init) }]
            .compactMap { $0 }.joined(separator: "\n")
        var attributes = "label=\(self.quoted(label))"
        if step.settings.isGang { attributes += ", shape=box3d" }
        if step.join != nil { attributes += ", shape=invtrapezium" }
        return "\(self.quoted(step.name)) [\(attributes)]"
    }

    private static func arrows(from name: String, _ edge: Edge, isChoice: Bool) -> [String] {
        let label: String? =
            switch edge {
            case .step, .branches: nil
            case .foreach: "foreach"
            case .nodes: "nodes"
            }
        var attributes: [String] = []
        if let label { attributes.append("label=\(self.quoted(label))") }
        if isChoice { attributes.append("style=dashed") }
        let suffix = attributes.isEmpty ? "" : " [\(attributes.joined(separator: ", "))]"
        return edge.targets.map { "\(self.quoted(name)) -> \(self.quoted($0))\(suffix)" }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = ""
        for character in text {
            switch character {
            case "\"", "\\": quoted += "\\\(character)"
            case "\n": quoted += "\\n"
            default: quoted.append(character)
            }
        }
        return "\"\(quoted)\""
    }
}
