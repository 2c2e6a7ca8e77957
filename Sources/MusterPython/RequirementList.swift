/// Normalised requirements, so that equivalent lists have the same key.
struct RequirementList: Sendable, Hashable {
    /// Sorted, without repetitions.
    let requirements: [String]

    /// - Throws: ``PythonError`` for a text that is not a PEP 508 requirement: options, paths and bare addresses are
    ///   not.
    init(_ texts: [String]) throws(PythonError) {
        var spelled: Set<String> = []
        for text in texts { spelled.insert(try Self.normalize(text)) }
        self.requirements = spelled.sorted()
    }

    private static func normalize(_ text: String) throws(PythonError) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let name = words.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        let rest = words.dropFirst(name.count)
        let next = rest.first { $0 != " " }
        guard let first = name.first, first.isLetter || first.isNumber, next.map({ "[(<>=!~;@,".contains($0) }) ?? true
        else {
            throw PythonError(
                code: .requirement,
                message:
                    "`\(text)` is not a requirement; write a package's name and, if need be, a version: numpy, numpy==2.1.0, ray[default]>=2.9"
            )
        }
        // Spaces are removed from versions and extras only; in markers and addresses they are significant.
        let marker = rest.firstIndex { $0 == ";" || $0 == "@" } ?? rest.endIndex
        let tail = rest[marker...]
        return self.normalizeName(name) + rest[..<marker].filter { $0 != " " } + (tail.isEmpty ? "" : " \(tail)")
    }

    /// PEP 503: lower case, and one `-` for every run of `-`, `_` and `.`.
    private static func normalizeName(_ name: some StringProtocol) -> String {
        var result = ""
        for character in name.lowercased() {
            let isSeparator = "-_.".contains(character)
            if isSeparator && result.last == "-" { continue }
            result.append(isSeparator ? "-" : character)
        }
        return result
    }
}
