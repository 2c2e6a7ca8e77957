extension String {
    /// Without spaces and line ends around it.
    package func trimmingWhitespace() -> String {
        let start = self.drop(while: \.isWhitespace)
        return String(
            start[..<(start.lastIndex { !$0.isWhitespace }.map { start.index(after: $0) } ?? start.startIndex)])
    }
}
