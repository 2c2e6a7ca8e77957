import Foundation
import GRDB
package import MusterModel

/// The metadata store in one SQLite file, in write-ahead mode: one writer at a time, readers are never blocked.
///
/// `synchronous = NORMAL`: a committed event survives the death of any process. After a power cut the last
/// transactions may be missing, never half there, and the run goes on from the ones before.
package final class SQLiteMetadata: MetadataStore {
    private let database: DatabasePool
    private let path: String

    /// Opens the store at `path`, made if it is missing. Its folder must exist.
    /// - Throws: ``MetadataError`` naming the file and what can be done.
    package init(path: String) throws {
        self.path = path
        // Two processes that make a new file together can find it locked while it turns to write-ahead mode.
        let lock = try OpeningLock(path: path + ".lock")
        defer { lock.release() }
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(30)
            configuration.maximumReaderCount = 2
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
            self.database = try DatabasePool(path: path, configuration: configuration)
            if try self.database.read({ try SQLiteSchema.migrator.hasBeenSuperseded($0) }) {
                throw MetadataError(
                    code: .version, message: "\(path) was written by a newer version of Muster; use that one")
            }
            try SQLiteSchema.migrator.migrate(self.database)
        } catch let error as DatabaseError {
            throw MetadataError(error, path: path)
        }
    }

    package func create(_ record: RunRecord) async throws {
        try await self.write { database in
            let data = try JSONEncoder().encode(record)
            try database.execute(
                sql: "INSERT INTO runs (flow, run, created, finished, verdict, record) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    record.flow, record.run, record.created, record.finished, record.verdict?.rawValue, data,
                ])
            try Self.insert(record.tags ?? [], run: database.lastInsertedRowID, in: database)
        }
    }

    package func append(_ events: [RunEvent], to run: RunKey, at time: Double) async throws {
        guard !events.isEmpty else { return }
        try await self.write { database in
            let id = try Self.identifier(of: run, in: database)
            let last = try database.cachedStatement(sql: "SELECT coalesce(max(sequence), 0) FROM events WHERE run = ?")
            var sequence = try Int.fetchOne(last, arguments: [id]) ?? 0
            let insert = try database.cachedStatement(
                sql: "INSERT INTO events (run, sequence, time, kind, task, attempt, payload) VALUES (?, ?, ?, ?, ?, ?, ?)")
            for event in events {
                sequence += 1
                let row = try EventRow(event)
                try insert.execute(arguments: [id, sequence, time, row.kind, row.task, row.attempt, row.payload])
                if case .ended(let verdict) = event {
                    try database.execute(
                        sql: "UPDATE runs SET verdict = ?, finished = ? WHERE id = ?",
                        arguments: [verdict.rawValue, time, id])
                }
            }
        }
    }

    package func events(of run: RunKey) async throws -> [RecordedEvent] {
        try await self.read { database in
            let id = try Self.identifier(of: run, in: database)
            let rows = try Row.fetchCursor(
                database, sql: "SELECT sequence, time, kind, task, attempt, payload FROM events WHERE run = ? ORDER BY sequence",
                arguments: [id])
            var events: [RecordedEvent] = []
            while let row = try rows.next() {
                let fields = EventRow(kind: row[2], task: row[3], attempt: row[4], payload: row[5])
                guard let event = fields.event else {
                    throw MetadataError(
                        code: .corrupt,
                        message: "event \(row[0] as Int) of the run \(run) cannot be read (\(fields.kind)); the store was damaged or written by another version")
                }
                events.append(RecordedEvent(event: event, time: row[1]))
            }
            return events
        }
    }

    package func record(of run: RunKey) async throws -> RunRecord? {
        try await self.read { database in
            try Row.fetchOne(
                database, sql: "SELECT record, finished, verdict FROM runs WHERE flow = ? AND run = ?",
                arguments: [run.flow, run.run]
            ).map(Self.record(from:))
        }
    }

    package func records(flow: String?, limit: Int?) async throws -> [RunRecord] {
        try await self.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT record, finished, verdict FROM runs WHERE ?1 IS NULL OR flow = ?1
                    ORDER BY created DESC, id DESC LIMIT ?2
                    """,
                arguments: [flow, limit ?? -1]
            ).map(Self.record(from:))
        }
    }

    package func tags(of run: RunKey) async throws -> [String] {
        try await self.read { database in
            try String.fetchAll(
                database, sql: "SELECT tag FROM tags WHERE run = ? ORDER BY tag",
                arguments: [try Self.identifier(of: run, in: database)])
        }
    }

    package func changeTags(of run: RunKey, adding: Set<String>, removing: Set<String>) async throws {
        try await self.write { database in
            let id = try Self.identifier(of: run, in: database)
            for tag in removing { try database.execute(sql: "DELETE FROM tags WHERE run = ? AND tag = ?", arguments: [id, tag]) }
            try Self.insert(adding, run: id, in: database)
        }
    }

    private static func insert(_ tags: some Sequence<String>, run: Int64, in database: Database) throws {
        for tag in tags {
            try database.execute(sql: "INSERT OR IGNORE INTO tags (run, tag) VALUES (?, ?)", arguments: [run, tag])
        }
    }

    private static func record(from row: Row) throws -> RunRecord {
        var record = try JSONDecoder().decode(RunRecord.self, from: row[0] as Data)
        record.finished = row[1]
        record.verdict = (row[2] as String?).flatMap(RunVerdict.init(rawValue:))
        return record
    }

    private static func identifier(of run: RunKey, in database: Database) throws -> Int64 {
        let select = try database.cachedStatement(sql: "SELECT id FROM runs WHERE flow = ? AND run = ?")
        let id = try Int64.fetchOne(select, arguments: [run.flow, run.run])
        guard let id else { throw MetadataError(code: .missing, message: "there is no run \(run)") }
        return id
    }

    private func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await self.database.read(body)
        } catch let error as DatabaseError {
            throw MetadataError(error, path: self.path)
        } catch let error as DecodingError {
            throw MetadataError(code: .corrupt, message: "a record in \(self.path) cannot be read: \(error)")
        }
    }

    private func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        do {
            try await self.database.write(body)
        } catch let error as DatabaseError {
            throw MetadataError(error, path: self.path)
        }
    }
}

extension MetadataError {
    /// SQLite's own code as a sentence that says what can be done.
    init(_ error: DatabaseError, path: String) {
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                code: .corrupt,
                message: "\(path) is damaged or no database (\(error.message ?? "")); move it away, or restore it from a copy")
        case .SQLITE_FULL:
            self.init(code: .write, message: "the disk that holds \(path) is full; free some space, then resume the run")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
            self.init(
                code: .open, message: "\(path) cannot be opened for writing (\(error.message ?? "")); check its folder's permissions")
        case .SQLITE_CONSTRAINT:
            self.init(code: .duplicate, message: "the run exists already in \(path)")
        default:
            self.init(code: .write, message: "\(path): \(error.message ?? "\(error)")")
        }
    }
}
