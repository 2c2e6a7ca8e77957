import SwiftSyntax

/// A literal transition: `.join`, `.score(foreach: folds)`, `.train(nodes: 4)`, `.all(.left, .right)`.
struct TransitionSource {
    enum Form: Hashable {
        case step, foreach, nodes, branches
    }

    let form: Form
    /// The names of its target steps: one, or several for branches.
    let targets: [TokenSyntax]
    /// The expression of a gang's size.
    let count: ExprSyntax?
    let expression: ExprSyntax

    /// Nil if `expression` is no literal transition.
    init?(_ expression: ExprSyntax) {
        self.expression = expression
        if let name = Self.member(expression) {
            self.form = .step
            self.targets = [name]
            self.count = nil
            return
        }
        guard let call = expression.as(FunctionCallExprSyntax.self), let name = Self.member(call.calledExpression),
            let first = call.arguments.first
        else { return nil }
        switch (first.label?.text, call.arguments.count) {
        case ("foreach", 1): self.form = .foreach
        case ("nodes", 1): self.form = .nodes
        case (nil, _) where name.text == "all":
            let targets = call.arguments.compactMap { $0.label == nil ? Self.member($0.expression) : nil }
            guard targets.count == call.arguments.count else { return nil }
            self.form = .branches
            self.targets = targets
            self.count = nil
            return
        default: return nil
        }
        self.targets = [name]
        self.count = self.form == .nodes ? first.expression : nil
    }

    var names: [String] { self.targets.map(\.plainName) }

    /// `join` in `.join`, `Next.join` and `Self.Next.join`.
    private static func member(_ expression: ExprSyntax) -> TokenSyntax? {
        guard let access = expression.as(MemberAccessExprSyntax.self), access.declName.argumentNames == nil else {
            return nil
        }
        let base = access.base?.trimmedDescription
        guard base == nil || base == "Next" || base?.hasSuffix(".Next") == true else { return nil }
        return access.declName.baseName
    }
}
