import ArgumentParser
import MusterBucket
import MusterEngine
import MusterModel
import MusterStore

/// `muster run`
struct RunVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a flow.",
        usage: "muster run <flow> [<options>] [--<parameter> <value> ...]",
        discussion: """
            <flow> is a flow program, a Python file, the folder of a Swift package, or a product of the package around this folder; \
            a package is built first. `muster run <flow> --help` shows the flow's parameters too.
            """)

    @Flag(
        name: .long,
        help: "Print the requests that would be sent to places with a queue, and start nothing.")
    var dryRun = false

    @Argument(parsing: .allUnrecognized, help: ArgumentHelp("The flow, and its parameters.", valueName: "flow"))
    var arguments: [String] = []
    @OptionGroup var options: RunOptions
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    func validate() throws {
        guard !(self.dryRun && self.options.detach) else {
            throw ValidationError("--dry-run and --detach exclude each other: a dry run starts nothing")
        }
    }

    func run() async throws {
        if let detachment = self.options.detachment(self.store) { return try await detachment.perform() }
        let detached = self.options.detachedEngine ? DetachedEngine() : nil
        let words = FlowArguments(self.arguments, hasProgram: self.flow.program != nil)
        let context = try CommandContext(
            flow: words.flow, self.flow, given: self.options.given.merging(self.store.given) { $1 })
        async let warmUp: Void = TypeWarmUp.perform()
        let (program, manifest) = try await context.flow(named: words.flow, self.flow)
        await warmUp
        let parameters = try ParameterValues(manifest.parameters, allowsNonFinite: manifest.language == "python")
            .read(tokens: words.parameters, environment: context.environment.merging(manifest.variables ?? [:]) { $1 })
        let settings = context.settings
        let layout = try StoreLayout(settings)
        let placed = try self.options.placed(settings.run.served(manifest), settings.run)
        if self.dryRun { return try await self.show(placed, program, context, layout) }
        let store = try OpenedStore(making: settings, isShared: settings.run.sharesStore)
        let session = try RunSession(
            context: context, store: store, options: self.options, detached: detached,
            resume: ResumeCommand(flow: words.flow, self.flow, self.options, self.store))
        let record = try await store.preparation.newRun(
            of: placed, program: program, parameters: parameters, user: context.user,
            workFolder: settings.run.isIsolated ? nil : context.folder, capacity: session.capacity,
            label: self.options.label)
        try await session.perform(record, origin: nil)
    }

    private func show(
        _ manifest: FlowManifest, _ program: [String], _ context: CommandContext, _ layout: StoreLayout
    ) async throws {
        let places = try Places(context, layout, BucketNodes(context.settings, layout))
        for note in (manifest.notes ?? []) + places.notes(for: manifest) { StandardStream.error.line("note: \(note)") }
        let dryRun = DryRun(
            manifest: manifest, program: program, places: places, user: context.user, nodes: 2)
        StandardStream.output.write(Array(try await dryRun.steps().text(isJSON: self.options.json).utf8))
    }
}

/// The words that belong to no option of a verb: the flow, and what follows it.
struct FlowArguments: Equatable {
    let flow: String?
    let parameters: [String]

    /// - Parameter hasProgram: True when `--program` names the flow, so that every word belongs to a parameter.
    init(_ words: [String], hasProgram: Bool) {
        // Words between a flow's options and a `--` belong to the parameters too.
        let words = words.filter { $0 != "--" }
        if !hasProgram, let first = words.first, !first.hasPrefix("-") {
            self.flow = first
            self.parameters = Array(words.dropFirst())
        } else {
            self.flow = nil
            self.parameters = words
        }
    }
}
