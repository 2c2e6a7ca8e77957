import MusterModel

/// The table of all keys for `Documentation/Settings.md`.
enum SettingsTable {
    static var markdown: String {
        let defaults = Settings()
        let head = [
            "| key | default | variable | option | Metaflow's | meaning |", "|---|---|---|---|---|---|",
        ]
        let rows = SettingKeys.all.map { key in
            let value = key.field.text(in: defaults).map { "`\($0)`" } ?? ""
            let option = key.option.map { "`\($0)`" } ?? ""
            let metaflow = key.metaflow.map { "`\($0)`" } ?? ""
            return "| `\(key.name)` | \(value) | `\(key.variable)` | \(option) | \(metaflow) | \(key.meaning) |"
        }
        return (head + rows).joined(separator: "\n") + "\n"
    }
}
