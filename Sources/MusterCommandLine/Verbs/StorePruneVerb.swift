import ArgumentParser
import MusterModel
import MusterStore
import MusterUpkeep

/// `muster store prune`
struct StorePruneVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove runs that ended long ago, and artifacts that no other run names.",
        discussion: """
            Flows may run meanwhile: an artifact that no run names goes only when it was made or used longer ago than \
            --safety, and before all runs that have not ended. A run without an end whose engine is dead counts from its last \
            event. The origin of a run that has not ended stays. Checkpoints and Ray's storage go with their run.
            """)

    @Option(
        help: ArgumentHelp("The least time since a run's end: 30d, 12h, 90m.", valueName: "time"))
    var olderThan: AgeOption
    @Option(name: .customLong("flow"), help: ArgumentHelp("Only runs of this flow.", valueName: "name"))
    var flowName: String?
    @Option(
        help: ArgumentHelp("Runs with this tag stay; may be given several times.", valueName: "tag"))
    var keepTagged: [String] = []
    @Option(
        help: ArgumentHelp(
            "How long artifacts that no run names stay. Less than a day only while no flow uses the store. (default: 24h)",
            valueName: "time"))
    var safety: AgeOption?
    @Flag(help: "Remove nothing; tell what would be removed.") var dryRun = false
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let settings = try SettingsPlace(flow: nil, self.flow).read(given: self.store.given).settings
        let store = try KeptStore(OpenedStore(existing: settings), settings)
        let rule = PruneRule(
            olderThan: self.olderThan.seconds, flow: self.flowName, keptTags: Set(self.keepTagged),
            safety: self.safety.map { SafetyTime(seconds: $0.seconds) } ?? .day)
        let report = try await StorePrune(store, rule, isDry: self.dryRun).perform()
        self.show(report)
        for problem in report.problems { StandardStream.error.line("muster: \(PrintableText.of(problem))") }
        if !report.problems.isEmpty { throw CommandFailure(.store, "") }
    }

    private func show(_ report: PruneReport) {
        let verb = self.dryRun ? "would be removed" : "removed"
        for run in report.runs { StandardStream.output.line(PrintableText.line("\(run) \(verb)")) }
        for run in report.remains {
            StandardStream.output.line(PrintableText.line("what is left of \(run) \(verb)"))
        }
        let (artifacts, packages) = (report.artifacts, report.packages)
        StandardStream.output.line(
            "\(verb): \(report.runs.count) runs, \(artifacts.number) artifacts with \(ByteText.of(artifacts.bytes)), \(packages.number) code packages with \(ByteText.of(packages.bytes))"
        )
        guard report.young.number > 0 else { return }
        StandardStream.output.line(
            "\(report.young.number) artifacts and code packages with \(ByteText.of(report.young.bytes)) that no run names stay for now: they were made or used too short a time ago"
        )
    }
}
