import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// Source locations, as expressions for the written code.
struct Locations {
    private let context: any MacroExpansionContext
    /// The absolute path of the source file.
    let file: String

    init(_ context: any MacroExpansionContext, _ node: some SyntaxProtocol) {
        self.context = context
        let location = context.location(of: node, at: .afterLeadingTrivia, filePathMode: .filePath)
        self.file = location?.file.trimmedDescription ?? "#filePath"
    }

    func line(of node: some SyntaxProtocol) -> String {
        self.context.location(of: node)?.line.trimmedDescription ?? "nil"
    }
}
