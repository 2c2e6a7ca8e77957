import ArgumentParser
import Foundation
import MusterMetadata
import MusterModel
import MusterStore

/// `muster list`
struct ListVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the runs in the store, newest first.")

    @Argument(help: "Only runs of this flow.") var name: String?
    @Option(name: .long, help: ArgumentHelp("At most this many.", valueName: "count")) var limit = 20
    @Flag(name: .long, help: "Print JSON.") var json = false
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    private struct Row: Encodable {
        var flow: String
        var run: String
        var status: RunStatus
        var created: Double
        var finished: Double?
        var user: String
        var originRun: String?
    }

    func validate() throws {
        guard self.limit >= 1 else { throw ValidationError("--limit is \(self.limit); it has to be 1 or more") }
    }

    func run() async throws {
        let (layout, metadata) = try self.store.existing()
        let records = try await metadata.records(flow: try await self.flowName(), limit: self.limit)
        let rows = records.map {
            Row(
                flow: $0.flow, run: $0.run, status: RunStatus($0, in: layout), created: $0.created,
                finished: $0.finished, user: $0.user, originRun: $0.originRun)
        }
        if self.json {
            StandardStream.output.line(try JSONText.page(rows))
        } else {
            StandardStream.output.write(Array(Self.table(rows).utf8))
        }
    }

    /// A flow program that hands its verb over asks for its own runs.
    private func flowName() async throws -> String? {
        guard self.flow.program != nil else { return self.name }
        return try await CommandContext().flow(named: nil, self.flow).manifest.name
    }

    private static func table(_ rows: [Row]) -> String {
        guard !rows.isEmpty else { return "no runs\n" }
        var table = Table("RUN", "STATUS", "STARTED", "TOOK", "USER")
        for row in rows {
            let took = row.finished.map { TimeText.duration($0 - row.created) } ?? ""
            table.append("\(row.flow)/\(row.run)", row.status.rawValue, TimeText.moment(row.created), took, row.user)
        }
        return table.text
    }
}
