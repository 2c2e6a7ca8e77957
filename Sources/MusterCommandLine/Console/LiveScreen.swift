/// The last lines of a terminal, which are redrawn; messages scroll above them.
///
/// The cursor is always visible and below the frame, so there is nothing to restore when the program is killed.
final class LiveScreen {
    private let output: StandardStream
    /// Lengths of the lines that are on the screen now.
    private var drawn: [Int] = []

    init(output: StandardStream) { self.output = output }

    /// Writes `scrolling` above and a new frame below, in one piece.
    func draw(scrolling: [String], frame: ((columns: Int, rows: Int)) -> [String]) {
        let size = self.output.size ?? (columns: 80, rows: 24)
        var text = self.erasure(columns: size.columns)
        for line in scrolling { text += line + "\n" }
        let lines = frame(size)
        for line in lines { text += line + "\n" }
        self.drawn = lines.map(\.count)
        self.output.write(Array(text.utf8))
    }

    /// Takes the frame away and leaves what has scrolled.
    func remove() {
        self.output.write(Array(self.erasure(columns: self.output.size?.columns ?? 80).utf8))
        self.drawn = []
    }

    /// Goes up to the frame's first line and clears from there on. A terminal that became narrower has wrapped lines.
    private func erasure(columns: Int) -> String {
        let rows = self.drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / max(1, columns)) }
        return rows == 0 ? "" : "\u{1B}[\(rows)A\r\u{1B}[J"
    }
}
