import SwiftCompilerPlugin
import SwiftSyntaxMacros

@main
struct MusterPlugin: CompilerPlugin {
    let providingMacros: [any Macro.Type] = [FlowMacro.self, DecoratorMacro.self]
}
