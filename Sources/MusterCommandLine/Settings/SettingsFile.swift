import Foundation
import Glibc
import MusterModel
import Yams

/// A file of settings in YAML: keys with points, or mappings within mappings. JSON is read the same way.
struct SettingsFile {
    let path: String

    private var folder: String { (self.path as NSString).deletingLastPathComponent }

    /// A scalar or a list of scalars, and its line.
    struct Entry: Equatable {
        let name: String
        let text: String
        let line: Int
    }

    /// Muster's own settings in this file; nil where there is none.
    /// - Throws: ``CommandFailure`` with file and line for a key that nobody knows and for what is no YAML.
    func settings() throws -> SettingSource? {
        guard let root = try self.root() else { return nil }
        var source = SettingSource()
        try self.collect(root, prefix: "", into: &source)
        return source
    }

    private func collect(_ mapping: Node.Mapping, prefix: String, into source: inout SettingSource) throws {
        for (key, value) in mapping {
            let line = key.mark?.line ?? 0
            guard let word = key.scalar?.string else { throw self.failure(line, "a key has to be a word") }
            let name = prefix + word
            if let inner = value.mapping {
                guard SettingKeys.isGroup(name) else {
                    guard SettingKeys.named(name) == nil else {
                        throw self.failure(line, "\(name) is one setting, and holds no others")
                    }
                    throw SettingKeys.refusal(name, at: "\(self.path):\(line)")
                }
                try self.collect(inner, prefix: "\(name).", into: &source)
                continue
            }
            guard let known = SettingKeys.named(name) else {
                guard !SettingKeys.isGroup(name) else {
                    throw self.failure(line, "\(name) is no setting, but holds some")
                }
                throw SettingKeys.refusal(name, at: "\(self.path):\(line)")
            }
            guard source.values[name] == nil else { throw self.failure(line, "\(name) is set twice") }
            guard let text = Self.text(value, allowsList: known.field.takesList) else {
                throw self.failure(line, "\(name) has to be \(known.field.kind)")
            }
            source.values[name] = GivenSetting(
                text: text, origin: .file(path: self.path, line: line), base: self.folder)
        }
    }

    /// The file's entries whose names are asked for, whatever else it has: Metaflow's configuration is not Muster's.
    func entries(named names: Set<String>) throws -> [Entry] {
        guard let root = try self.root() else { return [] }
        return root.compactMap { key, value in
            guard let name = key.scalar?.string, names.contains(name) else { return nil }
            return Self.text(value, allowsList: true).map { Entry(name: name, text: $0, line: key.mark?.line ?? 0) }
        }
    }

    /// nil where there is no file, or nothing in it.
    private func root() throws -> Node.Mapping? {
        guard let text = try self.read() else { return nil }
        do {
            guard let root = try Yams.compose(yaml: text) else { return nil }
            guard let mapping = root.mapping else {
                throw self.failure(root.mark?.line ?? 1, "settings are written as `key: value`, one a line")
            }
            return mapping
        } catch let error as YamlError {
            throw self.failure(error)
        }
    }

    private func read() throws -> String? {
        // Most runs have none of the files: one system call each finds that out.
        guard access(self.path, F_OK) == 0 else { return nil }
        guard let data = FileManager.default.contents(atPath: self.path) else {
            throw CommandFailure(
                .usage, "the settings in \(self.path) cannot be read: \(String(cString: strerror(errno)))")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw CommandFailure(.usage, "the settings in \(self.path) are no text in UTF-8")
        }
        return text
    }

    private static func text(_ node: Node, allowsList: Bool) -> String? {
        if let scalar = node.scalar { return scalar.string.isEmpty && scalar.style == .plain ? nil : scalar.string }
        guard allowsList, let sequence = node.sequence else { return nil }
        let words = sequence.compactMap { $0.scalar?.string }
        return words.count == sequence.count ? words.map { $0 + "\n" }.joined() : nil
    }

    private func failure(_ line: Int, _ problem: String) -> CommandFailure {
        CommandFailure(.usage, "\(self.path):\(line): \(problem)")
    }

    private func failure(_ error: YamlError) -> CommandFailure {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.failure(mark.line, problem)
        case .duplicatedKeysInMapping(let names, let context):
            self.failure(context.mark.line, "\(names.joined(separator: ", ")) is set twice")
        default: CommandFailure(.usage, "the settings in \(self.path) cannot be read: \(error)")
        }
    }
}

extension SettingField {
    fileprivate var takesList: Bool { if case .words = self { true } else { false } }
}
