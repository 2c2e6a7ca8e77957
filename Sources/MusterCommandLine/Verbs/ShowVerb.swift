import ArgumentParser
import MusterHistory
import MusterModel

/// `muster show`
struct ShowVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a flow: its parameters, its steps and how they follow each other.")

    @Argument(help: "The flow: a program, a folder, or a product of the package here.") var name: String?
    @Flag(name: .long, help: "As a graph for Graphviz.") var dot = false
    @Flag(name: .long, help: "As the flow's manifest, in JSON.") var json = false
    @OptionGroup var flow: FlowOptions

    func validate() throws {
        guard !(self.dot && self.json) else { throw ValidationError("--dot and --json exclude each other") }
    }

    func run() async throws {
        let context = try CommandContext(flow: self.name, self.flow)
        let (_, manifest) = try await context.flow(named: self.name, self.flow)
        if self.json {
            StandardStream.output.line(try JSONText.page(manifest))
        } else {
            StandardStream.output.write(Array((self.dot ? manifest.dot() : manifest.text()).utf8))
        }
    }
}
