import SwiftSyntax

extension SyntaxProtocol {
    /// The documentation comment before the declaration, as one text; nil when there is none.
    var documentation: String? {
        let lines = self.leadingTrivia.pieces.compactMap { piece -> String? in
            guard case .docLineComment(let text) = piece else { return nil }
            let line = text.dropFirst(3)
            return String(line.first == " " ? line.dropFirst() : line)
        }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}

extension TokenSyntax {
    /// The name without the backticks that a keyword needs.
    var plainName: String {
        let text = self.text
        return text.hasPrefix("`") && text.hasSuffix("`") && text.count > 2 ? String(text.dropFirst().dropLast()) : text
    }
}

extension ExprSyntax {
    /// The value of a string literal without interpolation.
    var literalText: String? {
        guard let segments = self.as(StringLiteralExprSyntax.self)?.segments else { return nil }
        let texts = segments.compactMap { $0.as(StringSegmentSyntax.self)?.content.text }
        return texts.count == segments.count ? texts.joined() : nil
    }

    /// The value of a whole number written out, with its sign.
    var literalInt: Int? {
        if let literal = self.as(IntegerLiteralExprSyntax.self) { return literal.representedLiteralValue }
        guard let prefix = self.as(PrefixOperatorExprSyntax.self), prefix.operator.text == "-" else { return nil }
        return prefix.expression.literalInt.map { -$0 }
    }
}

extension AttributeSyntax {
    /// The last part of the attribute's name: `Retry` in `@Muster.Retry(times: 2)`.
    var plainName: String {
        self.attributeName.trimmedDescription.split(separator: ".").last.map(String.init) ?? ""
    }
}
