import SwiftSyntax
import SwiftSyntaxBuilder

/// Writes `definition`: the table of the flow's properties and steps.
struct DefinitionWriter {
    let source: FlowSource
    let locations: Locations

    init(_ source: FlowSource, _ locations: Locations) {
        self.source = source
        self.locations = locations
    }

    func declaration() -> DeclSyntax {
        let parameters = self.source.properties.filter { $0.kind == .parameter }.map { property in
            "Muster.ParameterProperty(\(Self.quoted(property.name)), \\._\(property.name), line: "
                + "\(self.locations.line(of: property.variable)))"
        }
        let artifacts = self.source.properties.filter { $0.kind == .artifact }.map { property in
            "Muster.ArtifactProperty(\(Self.quoted(property.name)), \\._\(property.name))"
        }
        return """
            \(raw: self.source.access)static var definition: Muster.FlowDefinition<Self> {
                Muster.FlowDefinition(
                    name: \(raw: Self.quoted(self.source.name)),
                    summary: \(raw: Self.quoted(self.source.structure.documentation)),
                    file: \(raw: self.locations.file),
                    parameters: \(raw: Self.list(parameters)),
                    artifacts: \(raw: Self.list(artifacts)),
                    steps: \(raw: Self.list(self.source.steps.map(self.step))))
            }
            """
    }

    private func step(_ step: StepSource) -> String {
        let decorators = step.decorators.map { decorator in
            "\(decorator.attributeName.trimmedDescription)(\(decorator.arguments?.trimmedDescription ?? ""))"
        }
        return """
            Muster.StepDefinition(
                            \(Self.quoted(step.name)), summary: \(Self.quoted(step.function.documentation)), \
            line: \(self.locations.line(of: step.function.name)), join: \(Self.join(step)),
                            decorators: [\(decorators.joined(separator: ", "))],
                            edges: [\(Self.edges(step).joined(separator: ", "))],
                            entrypoints: [\(step.entrypoints.map { Self.quoted($0) }.joined(separator: ", "))]
                        ) \(Self.body(step))
            """
    }

    private static func join(_ step: StepSource) -> String {
        guard step.isJoin else { return "nil" }
        guard case .named(let names) = step.input else { return "Muster.JoinManifest()" }
        return "Muster.JoinManifest(names: [\(names.map { self.quoted($0.plainName) }.joined(separator: ", "))])"
    }

    /// The step's transitions without duplicates.
    private static func edges(_ step: StepSource) -> [String] {
        var edges: [String] = []
        for transition in step.transitions {
            let names = transition.names.map { self.quoted($0) }.joined(separator: ", ")
            let edge =
                switch transition.form {
                case .step: ".step(to: \(names))"
                case .foreach: ".foreach(to: \(names))"
                case .nodes: ".nodes(to: \(names))"
                case .branches: ".branches(to: [\(names)])"
                }
            if !edges.contains(edge) { edges.append(edge) }
        }
        return edges
    }

    /// The closure that calls the function with its arguments.
    private static func body(_ step: StepSource) -> String {
        let arguments: String
        switch step.input {
        case .nothing: arguments = ""
        case .element(let label, _): arguments = "\(label.map { "\($0): " } ?? "")try input.item()"
        case .list(let label): arguments = "\(label.map { "\($0): " } ?? "")input.all"
        case .named(let names):
            arguments = names.map { "\($0.text): try input.named(\(self.quoted($0.plainName)))" }.joined(
                separator: ", ")
        }
        let effects = (step.isThrowing ? "try " : "") + (step.isAsync ? "await " : "")
        let call = "\(effects)flow.\(step.function.name.text)(\(arguments))"
        let input = arguments.isEmpty ? "_" : "input"
        return step.name == "end" ? "{ flow, \(input) in \(call); return nil }" : "{ flow, \(input) in \(call) }"
    }

    private static func list(_ elements: [String]) -> String {
        guard !elements.isEmpty else { return "[]" }
        return "[\n" + elements.map { "                \($0)," }.joined(separator: "\n") + "\n            ]"
    }

    private static func quoted(_ text: String?) -> String {
        guard let text else { return "nil" }
        return StringLiteralExprSyntax(content: text).description
    }
}
