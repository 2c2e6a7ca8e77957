import ArgumentParser
import MusterHistory
import MusterModel

/// `muster config`
struct ConfigVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print every setting, its value and where that comes from.",
        discussion: """
            Options of a verb come first, then variables, then muster.yaml in the flow's folder, then \
            ~/.config/muster/config.yaml, then Metaflow's own configuration. A place in a file is its line.
            """)

    @Argument(help: "The flow whose muster.yaml counts. (default: the one in this folder)") var name: String?
    @Flag(name: .long, help: "Print JSON.") var json = false
    @Flag(name: .long, help: "Print the table of all keys, in Markdown.") var table = false
    @OptionGroup var settings: SettingOptions
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    private struct Row: Encodable {
        var key: String
        var value: JSONValue
        /// `default`, an option, a variable, or a file with its line.
        var origin: String
    }

    func validate() throws {
        guard !(self.json && self.table) else { throw ValidationError("--json and --table exclude each other") }
    }

    func run() throws {
        guard !self.table else {
            StandardStream.output.write(Array(SettingsTable.markdown.utf8))
            return
        }
        let given = try self.settings.given.merging(self.store.given) { $1 }.merging(self.flow.given) { $1 }
        let resolved = try SettingsPlace(flow: self.name, self.flow).read(given: given)
        if self.json {
            let rows = SettingKeys.all.map { key in
                Row(
                    key: key.name, value: key.field.value(in: resolved.settings),
                    origin: resolved.origins[key.name]?.description ?? "default")
            }
            StandardStream.output.line(try JSONText.page(rows))
            return
        }
        var table = Table("KEY", "VALUE", "FROM")
        for key in SettingKeys.all {
            table.append(
                key.name, key.field.text(in: resolved.settings) ?? "-",
                resolved.origins[key.name]?.description ?? "default")
        }
        StandardStream.output.write(Array(table.text.utf8))
    }
}
