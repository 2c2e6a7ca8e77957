import SwiftSyntax

/// A flow, parsed from its source.
struct FlowSource {
    let structure: StructDeclSyntax
    let name: String
    /// The access modifier of the written members, `public `, `package ` or empty, as the conformance needs it.
    let access: String
    let properties: [PropertySource]
    /// In the order of the source; names are distinct.
    let steps: [StepSource]

    init(_ structure: StructDeclSyntax, _ report: inout Report) {
        self.structure = structure
        self.name = structure.name.plainName
        self.access =
            structure.modifiers.lazy.map(\.name.text).first { ["public", "package"].contains($0) }
            .map { $0 + " " } ?? ""

        var properties: [PropertySource] = []
        var steps: [StepSource] = []
        for member in structure.memberBlock.members {
            if let variable = member.decl.as(VariableDeclSyntax.self), let property = PropertySource(variable) {
                property.check(&report)
                properties.append(property)
            } else if let function = member.decl.as(FunctionDeclSyntax.self),
                let step = StepSource(function, &report)
            {
                if steps.contains(where: { $0.name == step.name }) {
                    report.error(function.name, "the flow has two steps called '\(step.name)'; rename one")
                } else {
                    steps.append(step)
                }
            }
        }
        self.properties = properties.filter(\.isMarkable)
        self.steps = steps
        if let generics = structure.genericParameterClause {
            report.error(generics, "a flow cannot be generic: its steps are stored under one name")
        }
    }

    func step(_ name: String) -> StepSource? { self.steps.first { $0.name == name } }
}
