package import SwiftSyntax
package import SwiftSyntaxMacros

/// Behind every marker on a step: it writes nothing, `@Flow` reads it.
package struct DecoratorMacro: PeerMacro {
    package static func expansion(
        of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        []
    }
}
