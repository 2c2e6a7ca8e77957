import Foundation

/// Removes control sequences from a program's output, which would disturb the live view.
enum TerminalText {
    /// The text that a terminal would show in the end: of a progress bar its last state, no control characters but
    /// colours, and what is no UTF-8 replaced.
    static func shown(_ bytes: Data) -> String {
        let last = bytes.split(separator: UInt8(ascii: "\r")).last ?? Data()
        var text = ""
        var hasColour = false
        var scalars = String(decoding: last, as: UTF8.self).unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            if scalar == "\u{1B}" {
                if let colour = Self.takeColour(&scalars) {
                    text += colour
                    hasColour = true
                }
            } else if scalar == "\t" {
                text += "    "
            } else if scalar.value >= 0x20, scalar.value != 0x7F, !(0x80...0x9F).contains(scalar.value) {
                text.unicodeScalars.append(scalar)
            }
        }
        return hasColour ? text + "\u{1B}[0m" : text
    }

    /// Takes an escape sequence off; returns it when it sets a colour.
    private static func takeColour(_ scalars: inout Substring.UnicodeScalarView) -> String? {
        guard scalars.first == "[" else { return nil }
        var sequence = "\u{1B}["
        scalars = scalars.dropFirst()
        while let scalar = scalars.popFirst() {
            sequence.unicodeScalars.append(scalar)
            if (0x40...0x7E).contains(scalar.value) { return scalar == "m" ? sequence : nil }
        }
        return nil
    }

    /// `text` in at most `columns` columns, cut with an ellipsis. For text without escape sequences.
    static func fitted(_ text: String, _ columns: Int) -> String {
        guard text.count > columns else { return text }
        return columns > 1 ? text.prefix(columns - 1) + "…" : String(text.prefix(max(0, columns)))
    }
}
