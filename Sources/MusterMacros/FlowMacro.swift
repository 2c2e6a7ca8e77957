package import SwiftSyntax
import SwiftSyntaxBuilder
package import SwiftSyntaxMacros

/// `@Flow`: makes artifacts of the stored properties and writes `Next` and `definition`.
package struct FlowMacro {}

extension FlowMacro: MemberMacro {
    package static func expansion(
        of node: AttributeSyntax, providingMembersOf declaration: some DeclGroupSyntax,
        conformingTo protocols: [TypeSyntax], in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        guard let structure = declaration.as(StructDeclSyntax.self) else {
            context.diagnose(.error(node, "@Flow makes a flow out of a struct; this is none"))
            return []
        }
        var report = Report()
        let source = FlowSource(structure, &report)
        GraphCheck(source).run(&report)
        report.problems.forEach(context.diagnose)
        return [
            NextWriter(source).declaration(),
            DefinitionWriter(source, Locations(context, node)).declaration(),
        ]
    }
}

extension FlowMacro: MemberAttributeMacro {
    package static func expansion(
        of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax,
        providingAttributesFor member: some DeclSyntaxProtocol, in context: some MacroExpansionContext
    ) throws -> [AttributeSyntax] {
        guard declaration.is(StructDeclSyntax.self), let variable = member.as(VariableDeclSyntax.self),
            let property = PropertySource(variable), property.kind == .artifact, property.isMarkable
        else { return [] }
        return ["@Muster.Artifact"]
    }
}

extension FlowMacro: ExtensionMacro {
    package static func expansion(
        of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax,
        providingExtensionsOf type: some TypeSyntaxProtocol, conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        guard declaration.is(StructDeclSyntax.self), !protocols.isEmpty else { return [] }
        return [try ExtensionDeclSyntax("extension \(type.trimmed): Muster.Flow {}")]
    }
}
