internal import FoundationEssentials

/// pip's settings of indexes, wheels and certificates, from its files and environment variables.
///
/// The order is pip's own: global files, the user's, the interpreter's, `PIP_CONFIG_FILE`, then `PIP_…` variables; the
/// `[install]` section goes before `[global]`. A `PIP_CONFIG_FILE` that exists replaces the user's files, and
/// `/dev/null` all of them. See https://pip.pypa.io/en/stable/topics/configuration/.
struct PipSettings: Sendable, Hashable {
    /// Option names as on pip's command line, without dashes: `find-links`.
    private(set) var values: [String: String] = [:]

    /// - Parameter prefix: The interpreter's `sys.prefix`, whose `pip.conf` counts as well.
    init(environment: [String: String], prefix: String?) {
        var sections: [String: [String: String]] = [:]
        for file in Self.files(environment: environment, prefix: prefix) {
            guard let data = FileManager.default.contents(atPath: file) else { continue }
            for (section, entries) in ConfigurationFile.parse(String(decoding: data, as: UTF8.self)) {
                sections[section, default: [:]].merge(entries) { _, later in later }
            }
        }
        self.values = (sections["global"] ?? [:]).merging(sections["install"] ?? [:]) { _, install in install }
        for (name, value) in environment where name.hasPrefix("PIP_") && name != "PIP_CONFIG_FILE" && !value.isEmpty {
            self.values[ConfigurationFile.normalize(name.dropFirst(4))] = value
        }
    }

    subscript(option: String) -> String? { self.values[option] }

    /// The values of an option that takes several.
    func list(_ option: String) -> [String] {
        (self.values[option] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// True if a flag is on, in pip's spellings of true.
    func isOn(_ option: String) -> Bool {
        ["1", "y", "yes", "t", "true", "on"].contains((self.values[option] ?? "").lowercased())
    }

    private static func files(environment: [String: String], prefix: String?) -> [String] {
        let named = environment["PIP_CONFIG_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        guard named != "/dev/null" else { return [] }
        let xdg = environment["XDG_CONFIG_DIRS"].flatMap { $0.isEmpty ? nil : $0 } ?? "/etc/xdg"
        var files = xdg.split(separator: ":").map { "\($0)/pip/pip.conf" } + ["/etc/pip.conf"]
        let replacesUser = named.map { FileManager.default.fileExists(atPath: $0) } ?? false
        if !replacesUser, let home = environment["HOME"] {
            files.append("\(home)/.pip/pip.conf")
            let own = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.config"
            files.append("\(own)/pip/pip.conf")
        }
        if let prefix { files.append("\(prefix)/pip.conf") }
        return files + [named].compactMap { $0 }
    }
}

/// The format of `pip.conf`: sections of `name = value` lines, whose values go on in indented lines.
enum ConfigurationFile {
    static func parse(_ text: String) -> [String: [String: String]] {
        var sections: [String: [String: String]] = [:]
        var section = ""
        var name: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let content = line.trimmed
            guard let first = content.first, first != "#", first != ";" else { continue }
            if line.first?.isWhitespace == true, let name {
                sections[section]?[name, default: ""] += "\n\(content)"
            } else if first == "[", content.last == "]" {
                section = String(content.dropFirst().dropLast())
                name = nil
            } else if let separator = content.firstIndex(where: { $0 == "=" || $0 == ":" }) {
                let key = self.normalize(content[..<separator].trimmed)
                sections[section, default: [:]][key] = String(content[content.index(after: separator)...].trimmed)
                name = key
            }
        }
        return sections
    }

    /// One spelling of an option's name: `FIND_LINKS` and `--find-links` are `find-links`.
    static func normalize(_ name: some StringProtocol) -> String {
        let spelled = String(name.lowercased().map { $0 == "_" ? "-" : $0 })
        return spelled.hasPrefix("--") ? String(spelled.dropFirst(2)) : spelled
    }
}

extension StringProtocol {
    /// The text without leading and trailing whitespace.
    fileprivate var trimmed: SubSequence {
        guard let first = self.firstIndex(where: { !$0.isWhitespace }),
            let last = self.lastIndex(where: { !$0.isWhitespace })
        else {
            return self[self.endIndex...]
        }
        return self[first...last]
    }
}
