import ArgumentParser
import MusterModel
import MusterStore
import MusterUpkeep

/// `muster store copy`
struct StoreCopyVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy", abstract: "Copy runs with all that belongs to them to another store.",
        discussion: """
            Each store is a folder, or a bucket as s3://bucket/prefix. What is there is not copied again, and a copy that was \
            cut off is gone on with. A run can be seen in the other store once all of it is there. Runs that an engine moves \
            are not copied. Between folders, checkpoints and Ray's storage are copied as well.
            """)

    @Argument(help: "The store that has the runs.") var from: String
    @Argument(help: "The store that gets them; a folder is made where it is missing.") var to: String
    @Option(
        name: .long, help: ArgumentHelp("A run: Flow/run; may be given several times. (default: all)", valueName: "run")
    )
    var run: [String] = []
    @Option(name: .customLong("flow"), help: ArgumentHelp("Only runs of this flow.", valueName: "name"))
    var flowName: String?
    @OptionGroup var flow: FlowOptions

    func validate() throws {
        guard self.run.isEmpty || self.flowName == nil else {
            throw ValidationError("--run names the flow already; leave --flow out")
        }
    }

    func run() async throws {
        let place = SettingsPlace(flow: nil, self.flow)
        let source = try place.read(given: ["store": .option("FROM", self.from)]).settings
        let target = try place.read(given: ["store": .option("TO", self.to)]).settings
        let opened = try OpenedStore(existing: source)
        let from = try KeptStore(opened, source)
        let to = try KeptStore(OpenedStore(making: target, isShared: target.run.sharesStore), target)
        guard from.name != to.name else {
            throw CommandFailure(.usage, "\(from.name) cannot be copied to itself; name another store")
        }
        let choice = RunChoice(runs: try await opened.keys(of: self.run), flow: self.flowName)
        var refusals = 0
        try await StoreCopy(from: from, to: to).copy(choice) { run, outcome in
            StandardStream.output.line(Self.text(run, outcome))
            for note in outcome.notes { StandardStream.error.line("note: \(PrintableText.of(note))") }
        } refused: { _, error in
            refusals += 1
            StandardStream.error.line("muster: \(PrintableText.of(error.message))")
        }
        guard refusals > 0 else { return }
        throw CommandFailure(.runFailed, "\(refusals) of the runs \(refusals == 1 ? "was" : "were") not copied")
    }

    private static func text(_ run: RunKey, _ outcome: StoreCopy.Outcome) -> String {
        outcome.wasThere
            ? "\(run) is there already"
            : "\(run) copied: \(outcome.artifacts) artifacts and \(outcome.files) files, \(ByteText.of(outcome.bytes))"
    }
}
