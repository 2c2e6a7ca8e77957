import ArgumentParser
import MusterModel
import MusterUpkeep

/// `muster store check`
struct StoreCheckVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read all that runs name and have left, and tell what is missing or damaged.",
        discussion: """
            Every artifact and code package is read and compared with its digest. Prints a line for each fault, with what to \
            do, and the numbers. With --repair, damaged artifacts that a step made are removed, so that resuming makes them \
            again, and what follows from other objects is written anew. Exit code 0: nothing is wrong.
            """)

    @Option(
        name: .long, help: ArgumentHelp("A run: Flow/run; may be given several times. (default: all)", valueName: "run")
    )
    var run: [String] = []
    @Flag(help: "Remove what can be made again, and write anew what other objects tell.") var `repair` = false
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let settings = try SettingsPlace(flow: nil, self.flow).read(given: self.store.given).settings
        let opened = try OpenedStore(existing: settings)
        let check = StoreCheck(try KeptStore(opened, settings), repairs: self.repair)
        let report = try await check.perform(try await opened.keys(of: self.run)) { fault in
            StandardStream.output.line(PrintableText.line(fault.line))
        }
        StandardStream.output.line(Self.text(report))
        if report.faults > 0 { throw CommandFailure(.store, "") }
    }

    private static func text(_ report: CheckReport) -> String {
        let read =
            "\(report.runs) runs, \(report.artifacts) artifacts with \(ByteText.of(report.bytes)), \(report.packages) code packages"
        guard report.faults > 0 else { return "\(read): nothing is wrong" }
        let repaired = report.repaired > 0 ? ", \(report.repaired) repaired" : ""
        return "\(read): \(report.faults) \(report.faults == 1 ? "fault" : "faults")\(repaired)"
    }
}
