import FoundationEssentials
package import MusterHTTP
package import MusterObjects
import MusterSystem

/// The values of AWS's variables and files, as they stand there.
package struct AWSProfiles: Sendable {
    package let environment: [String: String]
    package let config: ProfileFile
    package let shared: ProfileFile
    /// The name of the profile in use.
    package let profile: String

    package init(environment: [String: String], config: ProfileFile, credentials: ProfileFile) {
        self.environment = environment
        self.config = config
        self.shared = credentials
        self.profile =
            Self.value(environment, "AWS_PROFILE") ?? Self.value(environment, "AWS_DEFAULT_PROFILE") ?? "default"
    }

    /// Reads `~/.aws/config` and `~/.aws/credentials`, or the files that the environment names; missing ones are empty.
    package init(environment: [String: String]) {
        let home = environment["HOME"] ?? ""
        let read = { (variable: String, name: String) in
            let path = Self.value(environment, variable) ?? "\(home)/.aws/\(name)"
            return ProfileFile(String(decoding: FileContents.read(path, limit: 1 << 20) ?? [], as: UTF8.self))
        }
        self.init(
            environment: environment, config: read("AWS_CONFIG_FILE", "config"),
            credentials: read("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
    }

    /// A variable that is set to something.
    package func variable(_ name: String) -> String? { Self.value(self.environment, name) }

    /// The proxies that the variables name.
    /// - Throws: ``ObjectStoreError`` for a variable that names none.
    package func proxies() throws(ObjectStoreError) -> HTTPProxies {
        do throws(HTTPError) { return try HTTPProxies(self.variable) } catch {
            throw ObjectStoreError(.invalid, error.message)
        }
    }

    /// A value of the profile in AWS's config file.
    package func value(_ key: String) -> String? { self.value(key, of: self.profile) }

    package func value(_ key: String, of profile: String) -> String? {
        let value = self.config.sections[Self.section(profile)]?[key] ?? self.shared.sections[profile]?[key]
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// True when one of the files has the profile.
    package func holds(_ profile: String) -> Bool {
        self.config.sections[Self.section(profile)] != nil || self.shared.sections[profile] != nil
    }

    static func section(_ profile: String) -> String { profile == "default" ? profile : "profile \(profile)" }

    private static func value(_ environment: [String: String], _ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
