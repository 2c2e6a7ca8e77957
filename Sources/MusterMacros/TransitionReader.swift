import SwiftSyntax

/// Collects the transitions that a body returns.
struct TransitionReader {
    private(set) var transitions: [TransitionSource] = []
    /// Returned expressions that are no literal transitions.
    private(set) var unreadable: [ExprSyntax] = []

    mutating func read(_ function: FunctionDeclSyntax) {
        guard let body = function.body else { return }
        let collector = ReturnCollector(viewMode: .sourceAccurate)
        collector.walk(body)
        for expression in collector.expressions { self.read(expression) }
        // A body of a single expression returns it implicitly.
        if collector.expressions.isEmpty, body.statements.count == 1, let item = body.statements.first {
            self.readValue(of: item.item)
        }
    }

    private mutating func read(_ expression: ExprSyntax) {
        if let transition = TransitionSource(expression) {
            self.transitions.append(transition)
        } else if let sequence = expression.as(SequenceExprSyntax.self) {
            self.read(sequence)
        } else if let ternary = expression.as(TernaryExprSyntax.self) {
            self.read(ternary.thenExpression)
            self.read(ternary.elseExpression)
        } else if let tuple = expression.as(TupleExprSyntax.self), tuple.elements.count == 1,
            let element = tuple.elements.first
        {
            self.read(element.expression)
        } else if let branch = expression.as(IfExprSyntax.self) {
            self.read(branch)
        } else if let choice = expression.as(SwitchExprSyntax.self) {
            self.read(choice)
        } else if let attempt = expression.as(TryExprSyntax.self) {
            self.read(attempt.expression)
        } else {
            self.unreadable.append(expression)
        }
    }

    /// `condition ? .a : .b`, which the parser leaves unfolded.
    private mutating func read(_ sequence: SequenceExprSyntax) {
        let elements = Array(sequence.elements)
        let choices = elements.compactMap { $0.as(UnresolvedTernaryExprSyntax.self) }
        guard !choices.isEmpty, let last = elements.last else { return self.unreadable.append(ExprSyntax(sequence)) }
        for choice in choices { self.read(choice.thenExpression) }
        self.read(last)
    }

    private mutating func read(_ branch: IfExprSyntax) {
        self.readLast(of: branch.body.statements)
        switch branch.elseBody {
        case .ifExpr(let next): self.read(next)
        case .codeBlock(let block): self.readLast(of: block.statements)
        case nil: break
        }
    }

    private mutating func read(_ choice: SwitchExprSyntax) {
        for item in choice.cases {
            if case .switchCase(let item) = item { self.readLast(of: item.statements) }
        }
    }

    private mutating func readLast(of statements: CodeBlockItemListSyntax) {
        if let last = statements.last { self.readValue(of: last.item) }
    }

    private mutating func readValue(of item: CodeBlockItemSyntax.Item) {
        switch item {
        case .expr(let expression): self.read(expression)
        case .stmt(let statement):
            if let expression = statement.as(ExpressionStmtSyntax.self)?.expression { self.read(expression) }
        case .decl: break
        }
    }
}

/// Finds the `return`s of a body, without those of nested functions and closures.
private final class ReturnCollector: SyntaxVisitor {
    var expressions: [ExprSyntax] = []

    override func visit(_ node: ReturnStmtSyntax) -> SyntaxVisitorContinueKind {
        if let expression = node.expression { self.expressions.append(expression) }
        return .skipChildren
    }

    override func visit(_ node: ClosureExprSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
    override func visit(_ node: FunctionDeclSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
    override func visit(_ node: AccessorDeclSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
    override func visit(_ node: PatternBindingSyntax) -> SyntaxVisitorContinueKind {
        node.accessorBlock == nil ? .visitChildren : .skipChildren
    }
}
