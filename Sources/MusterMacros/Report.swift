import SwiftDiagnostics
import SwiftSyntax

/// The problems found in a flow, in the order in which they were found.
struct Report {
    private(set) var problems: [Diagnostic] = []

    mutating func error(_ node: some SyntaxProtocol, _ text: String, fixIts: [FixIt] = []) {
        self.problems.append(.error(node, text, fixIts: fixIts))
    }
}

extension Diagnostic {
    static func error(_ node: some SyntaxProtocol, _ text: String, fixIts: [FixIt] = []) -> Diagnostic {
        Diagnostic(node: Syntax(node), message: FlowMessage(message: text), fixIts: fixIts)
    }
}

/// A diagnostic.
struct FlowMessage: DiagnosticMessage, FixItMessage {
    let message: String
    var severity: DiagnosticSeverity { .error }
    var diagnosticID: MessageID { MessageID(domain: "Muster", id: "flow") }
    var fixItID: MessageID { self.diagnosticID }
}

extension FixIt {
    /// A fix-it that replaces `token` by `name`.
    static func rename(_ token: TokenSyntax, to name: String) -> FixIt {
        let renamed = token.with(\.tokenKind, .identifier(name))
        return FixIt(
            message: FlowMessage(message: "write '\(name)'"),
            changes: [.replace(oldNode: Syntax(token), newNode: Syntax(renamed))])
    }
}
