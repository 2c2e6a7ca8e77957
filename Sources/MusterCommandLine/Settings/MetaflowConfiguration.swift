import Foundation

/// Reads Metaflow's own configuration for keys that mean the same here: its variables, then `config.json` in
/// `~/.metaflowconfig`, or `config_<profile>.json` there. Everything else in it is Metaflow's.
struct MetaflowConfiguration {
    let environment: [String: String]
    /// The current folder.
    let folder: String

    func settings() throws -> SettingSource {
        var source = SettingSource()
        let keys = SettingKeys.all.compactMap { key in key.metaflow.map { (key.name, $0) } }
        if let file = self.file {
            let entries = try SettingsFile(path: file).entries(named: Set(keys.map(\.1)))
            for (name, metaflow) in keys {
                guard let entry = entries.last(where: { $0.name == metaflow }) else { continue }
                source.values[name] = GivenSetting(
                    text: entry.text, origin: .file(path: file, line: entry.line), base: self.folder)
            }
        }
        for (name, metaflow) in keys {
            guard let text = self.set(metaflow) else { continue }
            source.values[name] = GivenSetting(text: text, origin: .variable(metaflow), base: self.folder)
        }
        // Which of Metaflow's stores is meant stands in another key.
        if let kind = try self.value(Self.kind), kind.text == "s3", let root = try self.value(Self.root) {
            source.values["store"] = root
        }
        for (name, common) in Self.common where source.values[name] == nil {
            source.values[name] = try self.value(common)
        }
        return source
    }

    /// Keys of Metaflow's for all of its places, which those for one place go before.
    private static let common = [
        "batch.image": "METAFLOW_DEFAULT_CONTAINER_IMAGE", "batch.registry": "METAFLOW_DEFAULT_CONTAINER_REGISTRY",
        "kubernetes.image": "METAFLOW_DEFAULT_CONTAINER_IMAGE",
        "kubernetes.registry": "METAFLOW_DEFAULT_CONTAINER_REGISTRY",
    ]
    private static let kind = "METAFLOW_DEFAULT_DATASTORE"
    private static let root = "METAFLOW_DATASTORE_SYSROOT_S3"

    /// A variable, or the key of that name in the file.
    private func value(_ name: String) throws -> GivenSetting? {
        if let text = self.set(name) { return GivenSetting(text: text, origin: .variable(name), base: self.folder) }
        guard let file = self.file else { return nil }
        return try SettingsFile(path: file).entries(named: [name]).last.map {
            GivenSetting(text: $0.text, origin: .file(path: file, line: $0.line), base: self.folder)
        }
    }

    private var file: String? {
        let name = self.set("METAFLOW_PROFILE").map { "config_\($0).json" } ?? "config.json"
        if let home = self.set("METAFLOW_HOME") { return "\(AbsolutePath.of(home, in: self.folder))/\(name)" }
        return self.set("HOME").map { "\($0)/.metaflowconfig/\(name)" }
    }

    private func set(_ name: String) -> String? { self.environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}
