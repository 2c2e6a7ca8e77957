import SwiftSyntax

/// Reads the parameters of a step's function and reports illegal signatures.
struct SignatureReader {
    let function: FunctionDeclSyntax
    let isJoin: Bool
    let name: String

    init(_ function: FunctionDeclSyntax, isJoin: Bool) {
        self.function = function
        self.isJoin = isJoin
        self.name = function.name.plainName
    }

    /// Nil when the signature is wrong.
    func read(_ report: inout Report) -> StepSource.Input? {
        if let modifier = self.function.modifiers.first(where: { $0.name.text == "static" }) {
            report.error(modifier, "step '\(self.name)' must be a method of the flow's value, not `static`")
            return nil
        }
        if let generics = self.function.genericParameterClause {
            report.error(generics, "step '\(self.name)' cannot be generic")
            return nil
        }
        guard self.checkReturn(&report) else { return nil }
        return self.isJoin ? self.joinInput(&report) : self.stepInput(&report)
    }

    private func checkReturn(_ report: inout Report) -> Bool {
        let type = self.function.signature.returnClause?.type
        let text = type?.trimmedDescription
        if self.name == "end" {
            guard text == nil || text == "Void" || text == "()" else {
                report.error(self.function.name, "'end' is the last step and returns nothing")
                return false
            }
            return true
        }
        guard let text, text == "Next" || text.hasSuffix(".Next") else {
            report.error(self.function.name, "step '\(self.name)' must return `Next`, where the flow goes from here")
            return false
        }
        return true
    }

    private func stepInput(_ report: inout Report) -> StepSource.Input? {
        let parameters = Array(self.function.signature.parameterClause.parameters)
        guard let first = parameters.first else { return .nothing }
        guard parameters.count == 1 else {
            report.error(parameters[1], "step '\(self.name)' can take one parameter: the element of a foreach")
            return nil
        }
        if self.name == "start" || self.name == "end" {
            report.error(first, "'\(self.name)' takes no element; no foreach leads to it")
            return nil
        }
        let label = first.firstName.tokenKind == .wildcard ? nil : first.firstName.text
        return .element(label: label, type: first.type.trimmed)
    }

    private func joinInput(_ report: inout Report) -> StepSource.Input? {
        let parameters = Array(self.function.signature.parameterClause.parameters)
        if parameters.count == 1, Self.isListOfSelf(parameters[0].type, self.function) {
            let name = parameters[0].firstName
            return .list(label: name.tokenKind == .wildcard ? nil : name.text)
        }
        let named = parameters.filter { $0.firstName.tokenKind != .wildcard && Self.isSelf($0.type, self.function) }
        guard !parameters.isEmpty, named.count == parameters.count else {
            report.error(
                parameters.first(where: { !named.contains($0) }).map { Syntax($0) } ?? Syntax(self.function.name),
                "join '\(self.name)' must take `_ inputs: [Self]`, or one `Self` for each step before it, as in "
                    + "`left: Self, right: Self`")
            return nil
        }
        return .named(named.map(\.firstName))
    }

    private static func isSelf(_ type: TypeSyntax, _ function: FunctionDeclSyntax) -> Bool {
        let text = type.trimmedDescription
        return text == "Self" || text == Self.flowName(function)
    }

    private static func isListOfSelf(_ type: TypeSyntax, _ function: FunctionDeclSyntax) -> Bool {
        guard let array = type.as(ArrayTypeSyntax.self) else { return false }
        return self.isSelf(array.element, function)
    }

    private static func flowName(_ function: FunctionDeclSyntax) -> String? {
        var node = function.parent
        while let current = node {
            if let structure = current.as(StructDeclSyntax.self) { return structure.name.text }
            node = current.parent
        }
        return nil
    }
}
