import Glibc

/// The patterns of one `.gitignore`, applied to paths relative to its folder.
///
/// Read as git reads them, but for patterns in files of inner folders, which are not looked at.
struct IgnorePatterns: Sendable {
    private struct Pattern: Sendable {
        var segments: [String]
        var isNegated: Bool
        var foldersOnly: Bool
    }

    private let patterns: [Pattern]

    init(text: String) {
        self.patterns = text.split(whereSeparator: \.isNewline).compactMap { Self.pattern(String($0)) }
    }

    private static func pattern(_ line: String) -> Pattern? {
        var text = Substring(line)
        while text.last == " ", !text.hasSuffix("\\ ") { text = text.dropLast() }
        guard !text.isEmpty, !text.hasPrefix("#") else { return nil }
        let isNegated = text.hasPrefix("!")
        if isNegated { text = text.dropFirst() }
        let foldersOnly = text.hasSuffix("/")
        if foldersOnly { text = text.dropLast() }
        // A slash before the end ties the pattern to the folder of the file; others match at any depth.
        let isAnchored = text.contains("/")
        if text.hasPrefix("/") { text = text.dropFirst() }
        guard !text.isEmpty else { return nil }
        let segments = text.split(separator: "/").map(String.init)
        return Pattern(segments: isAnchored ? segments : ["**"] + segments, isNegated: isNegated, foldersOnly: foldersOnly)
    }

    /// Whether the last pattern that matches `path` says that it is ignored. Ask for folders first: nothing below an
    /// ignored folder can be taken back.
    func ignores(_ path: String, isFolder: Bool) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        let last = self.patterns.last { pattern in
            (isFolder || !pattern.foldersOnly) && Self.matches(pattern.segments[...], parts[...])
        }
        return last.map { !$0.isNegated } ?? false
    }

    private static func matches(_ pattern: ArraySlice<String>, _ path: ArraySlice<String>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if first == "**" {
            // At the end it stands for everything below, elsewhere for any number of folders.
            if pattern.count == 1 { return !path.isEmpty }
            return (0...path.count).contains { Self.matches(pattern.dropFirst(), path.dropFirst($0)) }
        }
        guard let name = path.first, fnmatch(first, name, 0) == 0 else { return false }
        return Self.matches(pattern.dropFirst(), path.dropFirst())
    }
}
