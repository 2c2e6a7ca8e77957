import Glibc

/// The patterns of a `.gitignore` in one folder. Later ones win; `!` takes back; `**` and `*` as in git.
struct IgnorePatterns: Sendable {
    private struct Pattern {
        let glob: String
        let isNegated: Bool
        let foldersOnly: Bool
        /// With a slash in it a pattern is counted from the folder; without, it matches a name anywhere below.
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

    /// Files in which people keep secrets. They are packed only if a `.musterignore` includes them. `@secrets` in Python takes
    /// such a file beside the flow, and has the same list (`decorators/secrets.py`).
    static let secrets = IgnorePatterns(
        ".env\n.env.*\n!.env.example\n!.env.sample\n!.env.template\n!.env.dist\n.envrc\n.netrc\n.pypirc\n")

    /// True when a pattern ignores the file or folder at `path`, relative to the patterns' folder, without regard to
    /// its parents; nil when no pattern matches it.
    func ignores(_ path: Substring, isFolder: Bool) -> Bool? {
        var ignored: Bool?
        for pattern in self.patterns where isFolder || !pattern.foldersOnly {
            let subject = pattern.isAnchored ? path : path.split(separator: "/").last ?? ""
            // Without FNM_PATHNAME a star also crosses slashes: that is what `**` means, and a plain `*` rarely matters.
            let flags = pattern.glob.contains("**") ? 0 : FNM_PATHNAME
            if fnmatch(pattern.glob, String(subject), flags) == 0 { ignored = !pattern.isNegated }
        }
        return ignored
    }
}
