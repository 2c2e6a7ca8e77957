import ArgumentParser
import Foundation

/// `muster new`
struct NewVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Make a folder with a flow that runs, to begin from.",
        discussion: """
            In Python unless --swift is given. With --with the flow's step is a cluster: \
            \(FlowTemplate.frameworks.joined(separator: ", ")).
            """)

    @Argument(help: "The folder, which must not be there yet or be empty; the flow is named after it.") var name: String
    @Flag(name: .long, help: "A flow in Swift: a package that is built with Muster's sources.") var swift = false
    @Flag(name: .long, help: "A flow in Python.") var python = false
    @Option(name: .long, help: ArgumentHelp("The framework that the flow uses.", valueName: "framework"))
    var with: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Muster's sources for a flow in Swift: a folder, or a repository's address. (default: around this program)",
            valueName: "place"))
    var muster: String?

    func validate() throws {
        guard !(self.swift && self.python) else { throw ValidationError("--swift and --python exclude each other") }
        guard self.muster == nil || self.swift else { throw ValidationError("--muster is for flows in Swift") }
    }

    func run() throws {
        let folder = AbsolutePath.of(self.name)
        let flow = try NewFlow(
            name: (folder as NSString).lastPathComponent, language: self.swift ? .swift : .python,
            framework: self.with, sources: self.swift ? MusterSources(self.muster) : nil)
        try self.write(flow.files, into: folder)
        StandardStream.output.line("\(folder): the flow \(flow.type). Run it:")
        StandardStream.output.line("  cd \(ShellWord.quoted(self.name)) && \(flow.command)")
    }

    private func write(_ files: [FlowTemplate.File], into folder: String) throws {
        let manager = FileManager.default
        let present = try? manager.contentsOfDirectory(atPath: folder)
        if manager.fileExists(atPath: folder), present?.isEmpty != true {
            throw CommandFailure(.usage, "\(folder) is there already and not an empty folder; name another one")
        }
        do {
            for file in files {
                let path = URL(filePath: "\(folder)/\(file.place)")
                try manager.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.text.utf8).write(to: path)
            }
        } catch {
            throw CommandFailure(.runFailed, "\(folder) could not be written: \(error.localizedDescription)")
        }
    }
}
