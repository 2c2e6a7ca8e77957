import Configuration

/// The place from which a setting comes.
enum SettingOrigin: Sendable, Equatable, CustomStringConvertible {
    case option(String)
    case variable(String)
    case file(path: String, line: Int)

    var description: String {
        switch self {
        case .option(let name), .variable(let name): name
        case .file(let path, let line): "\(path):\(line)"
        }
    }
}

/// A setting as somebody has given it, not read yet.
struct GivenSetting: Sendable, Equatable {
    let text: String
    let origin: SettingOrigin
    /// The folder to which a relative path belongs.
    let base: String
}

/// The settings of one place, by the key's name.
struct SettingSource: Sendable, Equatable {
    var values: [String: GivenSetting] = [:]

    /// For swift-configuration's readers. All values are texts: one of the wrong kind is refused with its line, which a
    /// provider's own conversion does not know.
    var provider: InMemoryProvider {
        let pairs = self.values.map { name, given in
            (AbsoluteConfigKey(SettingKey.components(name)), ConfigValue(.string(given.text), isSecret: false))
        }
        return InMemoryProvider(values: Dictionary(uniqueKeysWithValues: pairs))
    }
}
