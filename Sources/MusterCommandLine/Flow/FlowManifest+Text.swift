import MusterModel

/// The text that `muster show` prints.
extension FlowManifest {
    /// The flow with its parameters and its steps, lines ended by newlines.
    func text() -> String {
        var lines = [self.name]
        lines += Self.indented(self.summary, "  ")
        if !self.parameters.isEmpty { lines.append("") }
        var text = lines.joined(separator: "\n") + "\n" + ParameterHelp.text(self.parameters)
        text += "\nSTEPS:\n"
        for step in self.steps { text += Self.lines(of: step).map { $0 + "\n" }.joined() }
        return text
    }

    private static func lines(of step: StepManifest) -> [String] {
        let kind = step.join != nil ? "  (join)" : step.settings.isGang ? "  (gang)" : ""
        var lines = ["  \(step.name)\(kind)"]
        lines += self.indented(step.summary, "      ")
        for decorator in step.decorators { lines.append("      \(self.text(of: decorator))") }
        for edge in step.edges { lines.append("      → \(self.text(of: edge))") }
        return lines
    }

    private static func text(of decorator: DecoratorManifest) -> String {
        let options = decorator.options.sorted { $0.key < $1.key }.map { name, value in
            "\(name): \((try? value.data()).map { String(decoding: $0, as: UTF8.self) } ?? "?")"
        }
        return options.isEmpty ? "@\(decorator.name)" : "@\(decorator.name)(\(options.joined(separator: ", ")))"
    }

    private static func text(of edge: Edge) -> String {
        switch edge {
        case .step(let to): to
        case .branches(let to): "\(to.joined(separator: " and ")), at once"
        case .foreach(let to): "\(to), for each element"
        case .nodes(let to): "\(to), on several nodes"
        }
    }

    private static func indented(_ text: String?, _ indent: String) -> [String] {
        (text ?? "").split(whereSeparator: \.isNewline).map { indent + $0 }
    }
}
