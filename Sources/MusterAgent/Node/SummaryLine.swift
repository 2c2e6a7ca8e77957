/// A program's own words as one line of a summary: its log has all of them.
enum SummaryLine {
    /// Characters that are shown.
    static let longest = 1000

    /// The text's first line that is not blank, and its beginning where that is longer; an ellipsis stands for what is left
    /// out.
    static func of(_ text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        guard let first = lines.first else { return "" }
        if first.count > Self.longest { return first.prefix(Self.longest - 1) + "…" }
        return lines.count > 1 ? first + " …" : String(first)
    }
}
