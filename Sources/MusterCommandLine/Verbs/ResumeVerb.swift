import ArgumentParser
import MusterBucket
import MusterEngine
import MusterModel
import MusterStore

/// `muster resume`
struct ResumeVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a run that was interrupted, or make a new one of what one that is over has left.",
        usage: "muster resume <flow> [<step>] [--origin-run-id <run>] [<options>]",
        discussion: """
            A run whose engine died goes on as itself. One that is over gets a successor, which takes over every task \
            that succeeded; with <step>, that step and everything after it run again.
            """)

    @Argument(help: ArgumentHelp("The flow (left out with --program), and the step to run again.", valueName: "flow"))
    var words: [String] = []
    @Option(name: .long, help: ArgumentHelp("The run to resume. (default: the flow's newest)", valueName: "run"))
    var originRunId: String?
    @Option(
        help: ArgumentHelp("The id of the new run: a name that is no number. (default: one is made)", valueName: "id"))
    var runId: String?
    @Flag(inversion: .prefixedNo, help: "Take over what succeeded, and start nothing.")
    var cloneOnly = false
    @OptionGroup var options: RunOptions
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        if let detachment = self.options.detachment(self.store) { return try await detachment.perform() }
        let detached = self.options.detachedEngine ? DetachedEngine() : nil
        let (flow, step) = try self.split()
        let context = try CommandContext(
            flow: flow, self.flow, given: self.options.given.merging(self.store.given) { $1 })
        let settings = context.settings
        let layout = try StoreLayout(settings)
        // A flow in Python reads the configs of the run that it resumes; out of a bucket with the help of this program.
        let told = [
            "MUSTER_RESUMES": self.originRunId ?? "", "MUSTER_STORE": settings.store ?? layout.root,
            "MUSTER_COMMAND": CommandContext.ownPath,
        ]
        let (program, manifest) = try await context.flow(named: flow, self.flow, told: told)
        if BucketAddress(settings) == nil { try layout.require() }
        let store = try OpenedStore(making: settings, isShared: settings.run.sharesStore)
        let session = try RunSession(
            context: context, store: store, options: self.options, detached: detached,
            resume: ResumeCommand(flow: flow, self.flow, self.options, self.store))
        let resumption = try await store.preparation.resume(
            try self.options.placed(settings.run.served(manifest), settings.run), program: program,
            run: self.originRunID(of: manifest), from: step,
            user: context.user, workFolder: settings.run.isIsolated ? nil : context.folder, capacity: session.capacity,
            label: self.options.label, name: self.runId)
        try await session.perform(
            resumption.record, origin: resumption.origin, continues: resumption.origin == nil,
            clonesOnly: self.cloneOnly)
    }

    private func split() throws -> (flow: String?, step: String?) {
        let words = self.flow.program == nil ? self.words : [""] + self.words
        guard words.count <= 2 else {
            throw ValidationError("'\(words[2])' is one word too many: resume takes a flow and a step")
        }
        return (words.first.flatMap { $0.isEmpty ? nil : $0 }, words.count > 1 ? words[1] : nil)
    }

    /// The run as it was named: its id, or `Flow/id`.
    private func originRunID(of manifest: FlowManifest) throws -> String? {
        guard let named = self.originRunId else { return nil }
        guard let pathspec = Pathspec(named) else { return named }
        guard pathspec.flow == manifest.name else {
            throw CommandFailure(.usage, "\(named) is a run of \(pathspec.flow), and the flow is \(manifest.name)")
        }
        return pathspec.run
    }
}
