import Glibc

/// The patterns of a `.gitignore` at the top of a folder. Later ones win; `!` takes back; `**` and `*` as in git.
struct IgnorePatterns: Sendable {
    private struct Pattern {
        let glob: String
        let isNegated: Bool
        let foldersOnly: Bool
        /// With a slash in it a pattern is counted from the top; without, it matches a name anywhere.
        let isAnchored: Bool
    }

    private let patterns: [Pattern]

    init(_ text: String) {
        self.patterns = text.split(whereSeparator: \.isNewline).compactMap { line in
            var glob = line.drop { $0 == " " }
            while glob.last == " " { glob = glob.dropLast() }
            guard !glob.isEmpty, glob.first != "#" else { return nil }
            let isNegated = glob.first == "!"
            if isNegated { glob = glob.dropFirst() }
            let foldersOnly = glob.last == "/"
            if foldersOnly { glob = glob.dropLast() }
            let isAnchored = glob.contains("/")
            if glob.first == "/" { glob = glob.dropFirst() }
            return Pattern(glob: String(glob), isNegated: isNegated, foldersOnly: foldersOnly, isAnchored: isAnchored)
        }
    }

    /// Whether the file or folder at `path`, relative to the top, is ignored by itself (its parents are not looked at).
    func matches(_ path: String, isFolder: Bool) -> Bool {
        var ignored = false
        for pattern in self.patterns where isFolder || !pattern.foldersOnly {
            let subject = pattern.isAnchored ? path : String(path.split(separator: "/").last ?? "")
            // Without FNM_PATHNAME a star also crosses slashes: that is what `**` means, and a plain `*` rarely matters.
            let flags = pattern.glob.contains("**") ? 0 : FNM_PATHNAME
            if fnmatch(pattern.glob, subject, flags) == 0 { ignored = !pattern.isNegated }
        }
        return ignored
    }
}
