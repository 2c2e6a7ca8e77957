import ArgumentParser
import MusterHistory
import MusterModel
import MusterStore

/// `muster package`
struct PackageVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "package", abstract: "Look at the code package of a flow.", subcommands: [PackageListVerb.self])
}

/// `muster package list`
struct PackageListVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the files that a run of a flow takes with it.")

    @Argument(help: "The flow: a program, a folder, or a product of the package here.") var name: String?
    @Flag(name: .long, help: "Print JSON.") var json = false
    @OptionGroup var flow: FlowOptions

    private struct File: Encodable {
        var path: String
        var size: Int
        var executable: Bool
        /// The target of a link.
        var link: String?
    }

    func run() async throws {
        let context = try CommandContext(flow: self.name, self.flow)
        let (_, manifest) = try await context.flow(named: self.name, self.flow)
        let package = try CodePackage(folder: manifest.folder)
        if self.json {
            let files = package.files.map { File(path: $0.path, size: $0.size, executable: $0.isExecutable) }
            let links = package.links.map { File(path: $0.path, size: 0, executable: false, link: $0.target) }
            StandardStream.output.line(try JSONText.page((files + links).sorted { $0.path < $1.path }))
        } else {
            let lines = package.files.map { ($0.path, "") } + package.links.map { ($0.path, " -> \($0.target)") }
            for (path, target) in lines.sorted(by: { $0.0 < $1.0 }) { StandardStream.output.line(path + target) }
        }
        for note in package.notes + package.secrets { StandardStream.error.line("note: \(note)") }
    }
}
