import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// Where things stand in the source, as expressions.
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
