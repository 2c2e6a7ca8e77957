import ArgumentParser
import Foundation

/// Settings on the command line that have no option of their own.
struct SettingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Set something for this call: gang.grace=3. `muster config` lists all keys; may be given several times.",
            valueName: "key=value"))
    var setting: [String] = []

    /// By the key's name.
    /// - Throws: ``CommandFailure`` for a key that nobody knows.
    var given: [String: GivenSetting] {
        get throws {
            var given: [String: GivenSetting] = [:]
            for text in self.setting {
                guard let equals = text.firstIndex(of: "=") else {
                    throw CommandFailure(.usage, "--setting \(text): a setting is written as key=value")
                }
                let name = String(text[..<equals])
                guard SettingKeys.named(name) != nil else { throw SettingKeys.refusal(name, at: "--setting") }
                given[name] = .option("--setting \(name)", String(text[text.index(after: equals)...]))
            }
            return given
        }
    }
}

extension GivenSetting {
    static func option(_ name: String, _ text: String) -> GivenSetting {
        GivenSetting(text: text, origin: .option(name), base: FileManager.default.currentDirectoryPath)
    }
}
