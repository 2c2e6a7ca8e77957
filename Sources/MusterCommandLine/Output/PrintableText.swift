/// Removes control sequences from texts of a store: a name or a message must not move the cursor, change colours or
/// give a command to the terminal.
enum PrintableText {
    /// `text` with its control characters as escapes; newlines and tabs stay.
    static func of(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: self.isControl) else { return text }
        return text.unicodeScalars.map { self.isControl($0) ? "\\u{\(String($0.value, radix: 16))}" : "\($0)" }.joined()
    }

    /// One cell of a table, or one word of a line: newlines are escapes too.
    static func line(_ text: String) -> String {
        self.of(text).replacing("\n", with: "\\n").replacing("\t", with: " ")
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        (scalar.value < 0x20 && scalar != "\n" && scalar != "\t") || (0x7F...0x9F).contains(scalar.value)
    }
}
