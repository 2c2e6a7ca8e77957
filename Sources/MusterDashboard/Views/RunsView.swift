import MusterHistory
import MusterMetadata
import MusterModel
import MusterStore

/// The answer to `GET /api/runs`.
struct RunsView: LiveView, Equatable {
    struct Row: Encodable, Sendable, Equatable {
        let flow: String
        let run: String
        /// A ``RunStatus``, or `damaged`.
        let status: String
        /// Unix seconds.
        let created: Double
        let finished: Double?
        let user: String?
        let originRun: String?
        /// Why its record cannot be read.
        let problem: String?

        init(_ run: ListedRun, in layout: StoreLayout) {
            (self.flow, self.run) = (run.key.flow, run.key.run)
            self.status = run.problem == nil ? RunStatus(run.verdict, of: run.key, in: layout).rawValue : "damaged"
            self.created = run.created
            self.finished = run.finished
            self.user = run.user
            self.originRun = run.originRun
            self.problem = run.problem?.message
        }

        var key: RunKey { RunKey(flow: self.flow, run: self.run) }
    }

    let runs: [Row]
    /// Runs that match, on earlier pages too.
    let total: Int

    private enum CodingKeys: String, CodingKey { case runs, total }

    var isFinal: Bool { false }
}

/// The parameters of a request for the list of runs.
struct RunsQuery: Sendable {
    var flow: String?
    var status: String?
    var user: String?
    var tag: String?
    /// A part of `Flow/run`, the user or the status, in any case.
    var text: String?
    /// The last run of the page before.
    var after: RunKey?
    var limit: Int

    func admits(_ row: RunsView.Row) -> Bool {
        if let flow, row.flow != flow { return false }
        if let status, row.status != status { return false }
        if let user, row.user != user { return false }
        guard let text = self.text?.lowercased(), !text.isEmpty else { return true }
        return ["\(row.flow)/\(row.run)", row.user ?? "", row.status].contains { $0.lowercased().contains(text) }
    }

    /// The page of the rows that match.
    func view(of rows: [RunsView.Row]) -> RunsView {
        let start = self.after.flatMap { after in rows.firstIndex { $0.key == after } }.map { $0 + 1 } ?? 0
        return RunsView(runs: Array(rows[start...].prefix(self.limit)), total: rows.count)
    }
}
