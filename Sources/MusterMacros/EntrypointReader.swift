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
        guard let access = node.calledExpression.as(MemberAccessExprSyntax.self),
            access.declName.baseName.text == "run",
            access.base?.trimmedDescription.contains("current.") == true
        else { return .visitChildren }
        let runsOthers = self.mayRunOthers(node)
        for argument in node.arguments where ["entrypoint", "script"].contains(argument.label?.text) {
            guard let script = argument.expression.literalText, !self.scripts.contains(script),
                !runsOthers || script.contains("/")
            else { continue }
            self.scripts.append(script)
        }
        return .visitChildren
    }

    /// True if an argument selects a module or a program on the PATH instead of a script, or if that cannot be told.
    private func mayRunOthers(_ node: FunctionCallExprSyntax) -> Bool {
        guard let launcher = node.arguments.first(where: { $0.label?.text == "torchrunArguments" })?.expression else {
            return false
        }
        guard let array = launcher.as(ArrayExprSyntax.self) else { return true }
        return array.elements.contains { element in
            guard let word = element.expression.literalText else { return true }
            return ["-m", "--module", "--no-python", "--no_python"].contains(word)
        }
    }
}
