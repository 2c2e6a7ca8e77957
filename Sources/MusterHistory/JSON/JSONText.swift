import Foundation

/// Values as JSON with sorted keys, so that equal values have equal texts.
package enum JSONText {
    /// One line, without its newline.
    package static func line(_ value: some Encodable) throws -> String { try self.text(value, []) }

    /// Indented.
    package static func page(_ value: some Encodable) throws -> String { try self.text(value, .prettyPrinted) }

    private static func text(_ value: some Encodable, _ more: JSONEncoder.OutputFormatting) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, more]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let verbatim = VerbatimTexts()
        encoder.userInfo[VerbatimTexts.key] = verbatim
        return verbatim.putIn(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
