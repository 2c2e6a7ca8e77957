package import SwiftSyntax
package import SwiftSyntaxMacros

/// The macro of all attributes of steps. It expands to nothing; `@Flow` reads the attribute.
package struct DecoratorMacro: PeerMacro {
    package static func expansion(
        of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        []
    }
}
