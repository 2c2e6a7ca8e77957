import ArgumentParser
import MusterHistory
import MusterModel
import MusterStore

/// `muster show`
struct ShowVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a flow: its parameters, its steps and how they follow each other; or a step's request.",
        usage: "muster show [<flow>] [--dot | --json]\nmuster show <flow> [<step>] --request [--nodes <count>]")

    @Argument(help: "The flow: a program, a folder, or a product of the package here.") var name: String?
    @Argument(help: "With --request: the step.") var step: String?
    @Flag(name: .long, help: "As a graph for Graphviz.") var dot = false
    @Flag(name: .long, help: "As the flow's manifest, in JSON.") var json = false
    @Flag(name: .long, help: "The request that would be sent for the step to its place with a queue.") var request =
        false
    @Option(name: .long, help: ArgumentHelp("With --request: the nodes of a gang.", valueName: "count")) var nodes = 2
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var settings: SettingOptions

    func validate() throws {
        guard !(self.dot && self.json) else { throw ValidationError("--dot and --json exclude each other") }
        guard !(self.dot && self.request) else { throw ValidationError("--dot and --request exclude each other") }
        guard self.step == nil || self.request else {
            throw ValidationError("a step is shown with --request: muster show FLOW STEP --request")
        }
        guard (1...100_000).contains(self.nodes) else {
            throw ValidationError("--nodes is \(self.nodes); it has to be 1 to 100000")
        }
    }

    func run() async throws {
        let given = try self.settings.given.merging(self.store.given) { $1 }
        let context = try CommandContext(flow: self.name, self.flow, given: given)
        let (program, manifest) = try await context.flow(named: self.name, self.flow)
        guard !self.request else { return try await self.show(context, program, manifest) }
        if self.json {
            StandardStream.output.line(try JSONText.page(manifest))
        } else {
            StandardStream.output.write(Array((self.dot ? manifest.dot() : manifest.text()).utf8))
        }
    }

    private func show(_ context: CommandContext, _ program: [String], _ manifest: FlowManifest) async throws {
        let layout = try StoreLayout(context.settings)
        let places = try Places(context, layout, BucketNodes(context.settings, layout))
        let placed = context.settings.run.placed(manifest)
        for note in places.notes(for: placed) { StandardStream.error.line("note: \(note)") }
        let dryRun = DryRun(
            manifest: placed, program: program, places: places, user: context.user, nodes: self.nodes)
        let steps = try await dryRun.steps(only: self.step)
        StandardStream.output.write(Array(try steps.text(isJSON: self.json).utf8))
    }
}
