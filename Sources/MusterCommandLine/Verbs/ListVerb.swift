import ArgumentParser
import Foundation
import MusterHistory
import MusterMetadata
import MusterModel
import MusterStore

/// `muster list`
struct ListVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the runs in the store, newest first.")

    @Argument(help: "Only runs of this flow.") var name: String?
    @Option(name: .long, help: ArgumentHelp("At most this many.", valueName: "count")) var limit = 20
    @Flag(name: .long, help: "Print JSON.") var json = false
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    private struct Row: Encodable {
        var flow: String
        var run: String
        /// A ``RunStatus``, or `damaged`.
        var status: String
        var created: Double
        var finished: Double?
        var user: String?
        var originRun: String?

        init(_ run: ListedRun, in layout: StoreLayout) {
            (self.flow, self.run) = (run.key.flow, run.key.run)
            self.status = run.problem == nil ? RunStatus(run.verdict, of: run.key, in: layout).rawValue : "damaged"
            self.created = run.created
            self.finished = run.finished
            self.user = run.user
            self.originRun = run.originRun
        }
    }

    func validate() throws {
        guard self.limit >= 1 else { throw ValidationError("--limit is \(self.limit); it has to be 1 or more") }
    }

    func run() async throws {
        let store = try self.store.existing(self.flow)
        let runs = try await store.metadata.listed(flow: try await self.flowName(), limit: self.limit)
        let rows = runs.map { Row($0, in: store.layout) }
        if self.json {
            StandardStream.output.line(try JSONText.page(rows))
        } else {
            StandardStream.output.write(Array(Self.table(rows).utf8))
        }
        // Those that can be read have been listed.
        if let problem = runs.lazy.compactMap(\.problem).first { throw problem }
    }

    /// A flow program that executes `muster list` gets its own runs.
    private func flowName() async throws -> String? {
        guard self.flow.program != nil else { return self.name }
        return try await CommandContext(self.flow).flow(named: nil, self.flow).manifest.name
    }

    private static func table(_ rows: [Row]) -> String {
        guard !rows.isEmpty else { return "no runs\n" }
        var table = Table("RUN", "STATUS", "STARTED", "TOOK", "USER")
        for row in rows {
            let took = row.finished.map { TimeText.duration($0 - row.created) } ?? ""
            table.append("\(row.flow)/\(row.run)", row.status, TimeText.moment(row.created), took, row.user ?? "")
        }
        return table.text
    }
}
