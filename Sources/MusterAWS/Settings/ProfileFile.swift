/// A file of AWS's form: sections in brackets, `key = value` lines, and lines that are indented below a key.
///
///     [profile training]
///     region = eu-central-1
///     s3 =
///       addressing_style = path
package struct ProfileFile: Sendable, Hashable {
    /// Values by section and key. A nested one is called `s3.addressing_style`. Later sections of one name add to it.
    package private(set) var sections: [String: [String: String]] = [:]

    package init(_ text: String = "") {
        var section: String?
        var parent: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let trimmed = Self.trimmed(line)
            guard !trimmed.isEmpty, !trimmed.hasPrefix("#"), !trimmed.hasPrefix(";") else { continue }
            if trimmed.hasPrefix("["), let end = trimmed.firstIndex(of: "]") {
                let name = trimmed[trimmed.index(after: trimmed.startIndex)..<end]
                section = name.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
                parent = nil
                if let section { self.sections[section, default: [:]].merge([:]) { $1 } }
                continue
            }
            guard let section, let equals = trimmed.firstIndex(of: "=") else { continue }
            let key = Self.trimmed(trimmed[..<equals]).lowercased()
            let value = Self.withoutComment(Self.trimmed(trimmed[trimmed.index(after: equals)...]))
            let isNested = line.first == " " || line.first == "\t"
            if isNested, let parent {
                self.sections[section]?["\(parent).\(key)"] = value
            } else {
                self.sections[section]?[key] = value
                parent = value.isEmpty ? key : nil
            }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return String(text)
    }

    /// A comment within a line has a space before it.
    private static func withoutComment(_ value: String) -> String {
        for mark in [" #", " ;", "\t#", "\t;"] {
            if let range = value.firstRange(of: mark) { return self.trimmed(value[..<range.lowerBound]) }
        }
        return value
    }

    private static func trimmed(_ text: String) -> String { self.trimmed(text[...]) }
}
