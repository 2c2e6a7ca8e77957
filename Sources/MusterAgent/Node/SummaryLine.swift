/// A program's message as one line of a summary. Its log has the whole text.
enum SummaryLine {
    /// Characters that are shown.
    static let longest = 1000

    /// The first line that is not blank, cut to ``longest`` characters; an ellipsis stands for omitted text.
    static func of(_ text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        guard let first = lines.first else { return "" }
        if first.count > Self.longest { return first.prefix(Self.longest - 1) + "…" }
        return lines.count > 1 ? first + " …" : String(first)
    }
}
