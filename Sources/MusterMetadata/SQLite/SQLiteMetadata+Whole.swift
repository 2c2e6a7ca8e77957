import Foundation
import GRDB
package import MusterModel

/// Whole runs, in one transaction each.
extension SQLiteMetadata {
    package func add(_ record: RunRecord, events: [RecordedEvent], tags: [String]) async throws {
        try await self.write { database in
            let id = try Self.insert(record, in: database)
            try Self.insert(tags, run: id, in: database)
            try Self.insert(events, after: 0, run: id, in: database)
        }
    }

    package func remove(_ runs: [RunKey]) async throws -> [RunKey] {
        try await self.writing { database in
            try runs.filter { try Self.remove($0, in: database) }
        }
    }

    private static func remove(_ run: RunKey, in database: Database) throws -> Bool {
        guard try !self.isAwaited(run, in: database) else { return false }
        for table in ["events", "tags"] {
            try database.execute(
                sql: "DELETE FROM \(table) WHERE run = (SELECT id FROM runs WHERE flow = ? AND run = ?)",
                arguments: [run.flow, run.run])
        }
        try database.execute(sql: "DELETE FROM runs WHERE flow = ? AND run = ?", arguments: [run.flow, run.run])
        return true
    }

    /// True when a run that has not ended resumes this one, or when that cannot be told.
    private static func isAwaited(_ run: RunKey, in database: Database) throws -> Bool {
        try Row.fetchAll(
            database,
            sql: """
                SELECT record, finished, verdict, flow, run, created FROM runs
                WHERE flow = ? AND run <> ? AND verdict IS NULL
                """,
            arguments: [run.flow, run.run]
        ).contains { row in
            guard case .whole(let record) = StoredRun(row) else { return true }
            return record.originRun == run.run
        }
    }
}
