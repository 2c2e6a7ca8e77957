import Foundation
package import MusterModel

/// A JSON text that ``JSONText`` prints unchanged: parsing and printing it again would change numbers and orders.
package struct VerbatimJSON: Encodable, Equatable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        let texts = encoder.userInfo[VerbatimTexts.key] as? VerbatimTexts
        try container.encode(texts?.stand(for: self.text) ?? self.text)
    }
}

/// The verbatim texts of one JSON page, while one thread encodes it.
final class VerbatimTexts: @unchecked Sendable {
    static let key = CodingUserInfoKey(rawValue: "verbatim")!
    // Unchecked: `userInfo` takes only Sendable values, and this one does not leave the call that encodes.
    private let mark = UUID().uuidString
    private var texts: [String] = []

    func stand(for text: String) -> String {
        self.texts.append(text)
        return "\(self.mark)-\(self.texts.count - 1)-"
    }

    func putIn(_ page: String) -> String {
        guard !self.texts.isEmpty else { return page }
        let parts = page.components(separatedBy: "\"\(self.mark)-")
        return parts.dropFirst().reduce(into: parts[0]) { page, part in
            let rest = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            page += self.texts[Int(rest[0]) ?? 0] + rest[1].dropFirst()
        }
    }
}

extension ParameterValue {
    /// The value as JSON: the text itself where it is valid JSON of its kind, otherwise a JSON string.
    package func verbatim(_ kind: ParameterKind) -> VerbatimJSON {
        guard let text = self.text else { return VerbatimJSON("null") }
        switch kind {
        // Many JSON parsers refuse numbers beyond the range of a double.
        case .double: if Double(text)?.isFinite == true, JSONSyntax.isValid(text) { return VerbatimJSON(text) }
        case .int, .bool, .json, .file: if JSONSyntax.isValid(text) { return VerbatimJSON(text) }
        case .string, .url, .choice: break
        }
        // Encoding a String cannot fail.
        return VerbatimJSON((try? JSONText.line(text)) ?? "null")
    }
}
