import MusterModel

/// The last lines that were shown, so that a failure does not repeat what stands right above it. A value.
struct ShownLines {
    /// More than a failure's last lines, less than a screen: what is further up has to be looked for.
    static let capacity = 40
    /// Bytes of a line that a failure may have cut.
    private static let long = 390

    private var lines: [(place: String, text: String)] = []

    mutating func note(_ text: String, from place: String) {
        self.lines.append((place, Self.plain(text)))
        if self.lines.count > Self.capacity * 2 { self.lines.removeFirst(self.lines.count - Self.capacity) }
    }

    /// `failure` without its last lines where they are the last that `place` has shown, and not far up.
    func unrepeated(_ failure: TaskFailure, of place: String) -> TaskFailure {
        let shown = self.lines.suffix(Self.capacity).filter { $0.place == place }.map(\.text)
        let last = shown.suffix(failure.lastLines.count)
        guard last.elementsEqual(failure.lastLines.map(Self.plain), by: Self.isSame) else { return failure }
        var failure = failure
        failure.lastLines = []
        return failure
    }

    /// A failure keeps the beginning of a long line, whose last character may be broken.
    private static func isSame(_ shown: String, _ told: String) -> Bool {
        shown == told || told.utf8.count >= Self.long && shown.hasPrefix(told.dropLast())
    }

    /// The same line as others write it down: without the blanks at its end.
    private static func plain(_ text: String) -> String {
        String(text.reversed().drop { $0.isWhitespace }.reversed())
    }
}
