import SwiftSyntax

/// Finds the scripts that a body names literally, so that a missing one is found before a cluster is formed.
enum EntrypointReader {
    static func read(_ function: FunctionDeclSyntax) -> [String] {
        let collector = ScriptCollector(viewMode: .sourceAccurate)
        if let body = function.body { collector.walk(body) }
        return collector.scripts
    }
}

private final class ScriptCollector: SyntaxVisitor {
    var scripts: [String] = []

    override func visit(_ node: FunctionCallExprSyntax) -> SyntaxVisitorContinueKind {
        guard let access = node.calledExpression.as(MemberAccessExprSyntax.self), access.declName.baseName.text == "run",
            access.base?.trimmedDescription.contains("current.") == true
        else { return .visitChildren }
        for argument in node.arguments where ["entrypoint", "script"].contains(argument.label?.text) {
            if let script = argument.expression.literalText, !self.scripts.contains(script) { self.scripts.append(script) }
        }
        return .visitChildren
    }
}
