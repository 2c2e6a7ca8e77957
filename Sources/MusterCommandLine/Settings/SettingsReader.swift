import Configuration
import Foundation
import MusterModel
import Synchronization

/// Settings as one call of `muster` has them, and the origin of each that somebody has given.
struct ResolvedSettings: Sendable {
    var settings = Settings()
    /// By the key's name; a key that is not there has its default.
    var origins: [String: SettingOrigin] = [:]

    /// Variables for the programs that are started, which read some settings from their environment.
    var variables: [String: String] {
        var variables: [String: String] = [:]
        for key in SettingKeys.all where key.isInherited && self.origins[key.name] != nil {
            variables[key.variable] = key.field.text(in: self.settings)
        }
        return variables
    }
}

/// Reads the settings: options, `MUSTER_…`, the flow's `muster.yaml`, the user's `muster/config.yaml`, and what Metaflow's
/// own configuration has to say. The first that has a key decides.
struct SettingsReader {
    let environment: [String: String]
    /// The current folder.
    let folder: String

    /// - Parameters:
    ///   - flowFolder: The folder that may hold `muster.yaml`.
    ///   - given: What options say, by the key's name.
    /// - Throws: ``CommandFailure`` that names the place of a key that nobody knows, or of a value of the wrong kind.
    func read(flowFolder: String, given: [String: GivenSetting] = [:]) throws -> ResolvedSettings {
        var sources = [SettingSource(values: given), self.variables]
        let files = ["\(flowFolder)/muster.yaml", self.userFile].compactMap { $0 }
        sources += try files.compactMap { try SettingsFile(path: $0).settings() }
        sources.append(try MetaflowConfiguration(environment: self.environment, folder: self.folder).settings())
        return try Self.resolve(sources.filter { !$0.values.isEmpty })
    }

    private static func resolve(_ sources: [SettingSource]) throws -> ResolvedSettings {
        var resolved = ResolvedSettings()
        guard !sources.isEmpty else { return resolved }
        let decider = DecidingSource()
        let reader = ConfigReader(providers: sources.map(\.provider), accessReporter: decider)
        for key in SettingKeys.all {
            guard reader.string(forKey: ConfigKey(SettingKey.components(key.name))) != nil,
                let given = sources[decider.index].values[key.name]
            else { continue }
            guard key.field.take(given.text, base: given.base, into: &resolved.settings) else {
                throw Self.refusal(given, of: key)
            }
            resolved.origins[key.name] = given.origin
        }
        try Self.check(resolved)
        resolved.settings.node.logLevel = resolved.settings.log.level
        return resolved
    }

    private static func refusal(_ given: GivenSetting, of key: SettingKey) -> CommandFailure {
        let subject = if case .file = given.origin { "\(given.origin): \(key.name)" } else { "\(given.origin)" }
        let text = given.text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return CommandFailure(.usage, "\(subject) is '\(text)'; it has to be \(key.field.kind)")
    }

    /// An agent that itself was stopped for half of the timeout forgives its peers, so that beats have to be denser.
    private static func check(_ resolved: ResolvedSettings) throws {
        let node = resolved.settings.node
        guard node.heartbeatInterval * 2 >= node.heartbeatTimeout else { return }
        let place =
            (resolved.origins["gang.heartbeat-interval"] ?? resolved.origins["gang.heartbeat-timeout"])
            .map { "\($0): " } ?? ""
        throw CommandFailure(
            .usage,
            "\(place)gang.heartbeat-interval is \(node.heartbeatInterval) s; it has to be less than half of gang.heartbeat-timeout, which is \(node.heartbeatTimeout) s"
        )
    }

    private var variables: SettingSource {
        var source = SettingSource()
        for key in SettingKeys.all {
            guard let text = self.environment[key.variable], !text.isEmpty else { continue }
            source.values[key.name] = GivenSetting(text: text, origin: .variable(key.variable), base: self.folder)
        }
        return source
    }

    private var userFile: String? {
        let set = { (name: String) in self.environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        // As the XDG base directory specification has it, a relative path does not count.
        if let root = set("XDG_CONFIG_HOME"), root.hasPrefix("/") { return "\(root)/muster/config.yaml" }
        return set("HOME").map { "\($0)/.config/muster/config.yaml" }
    }
}

/// Remembers which provider had the value that was read last. A reader asks its providers in order and stops at the first
/// that has one.
private final class DecidingSource: AccessReporter {
    private let last = Mutex(0)

    var index: Int { self.last.withLock { $0 } }

    func report(_ event: AccessEvent) {
        self.last.withLock { $0 = max(0, event.providerResults.count - 1) }
    }
}
