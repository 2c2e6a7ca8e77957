import MusterModel

/// One thing that can be set: every way in which it can be given, and its place in ``Settings``.
struct SettingKey: Sendable {
    /// As in a file, with a point between folders: `gang.heartbeat-timeout`.
    let name: String
    /// The environment variable.
    let variable: String
    /// The option of `run` and `resume`; nil: `--setting` alone.
    let option: String?
    /// Metaflow's variable and key in its configuration, where it means the same.
    let metaflow: String?
    let field: SettingField
    /// Programs that are started read the variable too, so it is set for them wherever the value comes from.
    let isInherited: Bool
    /// One sentence for the table.
    let meaning: String

    /// - Parameter variable: nil: `MUSTER_` and the name in capitals.
    init(
        _ name: String, _ field: SettingField, _ meaning: String, variable: String? = nil, option: String? = nil,
        metaflow: String? = nil, isInherited: Bool = false
    ) {
        self.name = name
        self.variable = variable ?? "MUSTER_" + String(name.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
        self.option = option
        self.metaflow = metaflow
        self.field = field
        self.isInherited = isInherited
        self.meaning = meaning
    }

    static func components(_ name: String) -> [String] { name.split(separator: ".").map(String.init) }
}
