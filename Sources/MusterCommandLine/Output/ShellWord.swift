/// Words as a shell reads them: what is printed as a command can be pasted.
enum ShellWord {
    /// `text` as one word.
    static func quoted(_ text: String) -> String {
        let plain = !text.isEmpty && text.utf8.allSatisfy(self.isPlain)
        return plain ? text : "'\(text.replacing("'", with: "'\\''"))'"
    }

    static func line(_ words: [String]) -> String { words.map(self.quoted).joined(separator: " ") }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_./=:,+@%".utf8.contains(byte)
        }
    }
}
