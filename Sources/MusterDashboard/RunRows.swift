import MusterHistory
import MusterMetadata
import MusterModel
import MusterSystem

/// The list of runs, read anew only when the store has changed, however many look at it.
actor RunRows {
    /// Seconds after which it is read anew all the same: an engine that is killed changes nothing in the store.
    private static let age = 2.0

    private let store: any DashboardStore
    private var mark: ChangeMark?
    private var read = -Double.infinity
    private var rows: [RunsView.Row] = []

    init(_ store: any DashboardStore) { self.store = store }

    /// All runs, newest first.
    func all() async throws -> [RunsView.Row] {
        let mark = try await self.store.metadata.changeMark()
        let now = Uptime.now()
        if mark == self.mark, now - self.read < Self.age { return self.rows }
        let layout = self.store.layout
        let rows = try await self.store.metadata.listed(flow: nil, limit: nil).map { RunsView.Row($0, in: layout) }
        // Only of a reading that has succeeded: the next one would otherwise show old rows instead of the failure.
        (self.rows, self.mark, self.read) = (rows, mark, now)
        return rows
    }

    /// The runs that match.
    func matching(_ query: RunsQuery) async throws -> [RunsView.Row] {
        let rows = try await self.all().filter(query.admits)
        guard let tag = query.tag else { return rows }
        var tagged: [RunsView.Row] = []
        for row in rows where row.problem == nil {
            if try await self.store.metadata.tags(of: row.key).contains(tag) { tagged.append(row) }
        }
        return tagged
    }
}
