import ArgumentParser
import Foundation
import MusterHistory
import MusterMetadata
import MusterModel
import MusterStore

/// `muster status`
struct StatusVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how a run stands: its tasks, its gangs, and why it failed.")

    @Argument(help: "The run: Flow/run, a run's id, or a flow for its newest. (default: the newest run)") var name:
        String?
    @Flag(name: .long, help: "Print JSON.") var json = false
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try self.store.existing(self.flow)
        var name = self.name
        if name == nil, self.flow.program != nil {
            name = try await CommandContext(self.flow).flow(named: nil, self.flow).manifest.name
        }
        let record = try await store.finder.record(name)
        let state = try await store.state(of: record)
        let gangs = state.machine.tasks.filter { $0.attempts > 0 && ($0.size > 1 || $0.job != nil) }
        _ = try await store.places(of: gangs, in: state) { !$0.isCard }
        let report = StatusReport(state, in: store.layout, now: Date().timeIntervalSince1970)
        if self.json {
            StandardStream.output.line(try JSONText.page(report))
        } else {
            StandardStream.output.write(
                Array(PrintableText.of(report.text(resume: ResumeCommand(record, self.store))).utf8))
        }
    }
}
