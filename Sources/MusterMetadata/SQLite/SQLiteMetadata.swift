import Foundation
import GRDB
package import MusterModel

/// The metadata store in one SQLite file, in write-ahead mode: one writer at a time, readers are never blocked.
///
/// `synchronous = NORMAL`: a committed event survives the death of any process. After a power cut the last transactions
/// may be missing, never partly there, and the run continues from the ones before.
package final class SQLiteMetadata: MetadataStore {
    private let access: DatabaseAccess
    private let path: String
    private let changes: DatabaseChanges

    /// Opens the store at `path`, made if it is missing. Its folder must exist.
    /// - Throws: ``MetadataError`` naming the file and what can be done.
    package init(path: String, settings: DatabaseSettings = DatabaseSettings()) throws {
        self.path = path
        self.access = try Self.translating(path) { try .opening(path, busyTimeout: settings.busyTimeout) }
        self.changes = DatabaseChanges(path: path, isReadOnly: false)
    }

    /// Opens the store at `path`, which has to be there and is not changed in any way: its folder may be read-only.
    /// - Throws: ``MetadataError`` naming the file and what can be done.
    package init(reading path: String, settings: DatabaseSettings = DatabaseSettings()) throws {
        self.path = path
        self.access = try Self.translating(path) { try .reading(path, busyTimeout: settings.busyTimeout) }
        self.changes = DatabaseChanges(path: path, isReadOnly: true)
    }

    package func create(_ record: RunRecord) async throws {
        try await self.write { database in
            try Self.insert(record.tags ?? [], run: try Self.insert(record, in: database), in: database)
        }
    }

    static func insert(_ record: RunRecord, in database: Database) throws -> Int64 {
        let data = try JSONEncoder().encode(record)
        try database.execute(
            sql: "INSERT INTO runs (flow, run, created, finished, verdict, record) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                record.flow, record.run, record.created, record.finished, record.verdict?.rawValue, data,
            ])
        return database.lastInsertedRowID
    }

    package func append(_ events: [RunEvent], to run: RunKey, at time: Double, after count: Int?) async throws {
        guard !events.isEmpty else { return }
        try await self.write { database in
            let id = try Self.identifier(of: run, in: database)
            let present = try Self.count(of: id, in: database)
            try MetadataError.check(present, is: count, run)
            try Self.insert(
                events.map { RecordedEvent(event: $0, time: time) }, after: present, run: id, in: database)
        }
    }

    static func insert(
        _ events: [RecordedEvent], after count: Int, run id: Int64, in database: Database
    ) throws {
        let insert = try database.cachedStatement(
            sql: "INSERT INTO events (run, sequence, time, kind, task, attempt, payload) VALUES (?, ?, ?, ?, ?, ?, ?)")
        for (index, recorded) in events.enumerated() {
            let row = try EventRow(recorded.event)
            try insert.execute(
                arguments: [id, count + index + 1, recorded.time, row.kind, row.task, row.attempt, row.payload])
            guard case .ended(let verdict) = recorded.event else { continue }
            try database.execute(
                sql: "UPDATE runs SET verdict = ?, finished = ? WHERE id = ?",
                arguments: [verdict.rawValue, recorded.time, id])
        }
    }

    package func events(of run: RunKey, after count: Int) async throws -> [RecordedEvent] {
        try await self.read { database in
            let id = try Self.identifier(of: run, in: database)
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT sequence, time, kind, task, attempt, payload FROM events
                    WHERE run = ? AND sequence > ? ORDER BY sequence
                    """,
                arguments: [id, count])
            var events: [RecordedEvent] = []
            while let row = try rows.next() {
                guard let event = EventRow(row)?.event, let time = Double.fromDatabaseValue(row[1]) else {
                    let number = Int.fromDatabaseValue(row[0]).map { "event \($0)" } ?? "an event"
                    let kind = String.fromDatabaseValue(row[2]) ?? "no text"
                    throw MetadataError(
                        code: .corrupt,
                        message:
                            "\(number) of the run \(run) cannot be read (\(kind.prefix(40))); the store was damaged or written by another version"
                    )
                }
                events.append(RecordedEvent(event: event, time: time))
            }
            return events
        }
    }

    package func eventCount(of run: RunKey) async throws -> Int {
        try await self.read { try Self.count(of: Self.identifier(of: run, in: $0), in: $0) }
    }

    package func changeMark() async throws -> ChangeMark {
        try Self.translating(self.path) { try self.changes.mark() }
    }

    package func record(of run: RunKey) async throws -> RunRecord? {
        try await self.read { database in
            try Row.fetchOne(
                database,
                sql: "SELECT record, finished, verdict, flow, run, created FROM runs WHERE flow = ? AND run = ?",
                arguments: [run.flow, run.run]
            ).map { try StoredRun($0).record() }
        }
    }

    package func runs(flow: String?, limit: Int?) async throws -> [StoredRun] {
        try await self.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT record, finished, verdict, flow, run, created FROM runs WHERE ?1 IS NULL OR flow = ?1
                    ORDER BY created DESC, id DESC LIMIT ?2
                    """,
                arguments: [flow, limit ?? -1]
            ).map { StoredRun($0) }
        }
    }

    package func tags(of run: RunKey) async throws -> [String] {
        try await self.read { database in
            // An older store that cannot be brought up to date has none.
            guard try database.tableExists("tags") else { return [] }
            return try String.fetchAll(
                database, sql: "SELECT tag FROM tags WHERE run = ? ORDER BY tag",
                arguments: [try Self.identifier(of: run, in: database)])
        }
    }

    package func changeTags(of run: RunKey, adding: Set<String>, removing: Set<String>) async throws {
        try await self.write { database in
            let id = try Self.identifier(of: run, in: database)
            for tag in removing {
                try database.execute(sql: "DELETE FROM tags WHERE run = ? AND tag = ?", arguments: [id, tag])
            }
            try Self.insert(adding, run: id, in: database)
        }
    }

    static func insert(_ tags: some Sequence<String>, run: Int64, in database: Database) throws {
        for tag in tags {
            try database.execute(sql: "INSERT OR IGNORE INTO tags (run, tag) VALUES (?, ?)", arguments: [run, tag])
        }
    }

    private static func count(of id: Int64, in database: Database) throws -> Int {
        let last = try database.cachedStatement(sql: "SELECT coalesce(max(sequence), 0) FROM events WHERE run = ?")
        return try Int.fetchOne(last, arguments: [id]) ?? 0
    }

    private static func identifier(of run: RunKey, in database: Database) throws -> Int64 {
        let select = try database.cachedStatement(sql: "SELECT id FROM runs WHERE flow = ? AND run = ?")
        let id = try Int64.fetchOne(select, arguments: [run.flow, run.run])
        guard let id else { throw MetadataError(code: .missing, message: "there is no run \(run)") }
        return id
    }

    private func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            switch self.access {
            case .writable(let pool, _): return try await pool.read(body)
            case .readOnly(let database): return try database.read(body)
            }
        } catch {
            throw Self.translated(error, self.path)
        }
    }

    func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        _ = try await self.writing { database in
            try body(database)
            return true
        }
    }

    func writing<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        guard case .writable(let pool, _) = self.access else {
            throw MetadataError(
                code: .open, message: "\(self.path) cannot be changed: it, or its folder, is read-only for this user")
        }
        let value: Value
        do {
            value = try await pool.write(body)
        } catch {
            throw Self.translated(error, self.path)
        }
        try self.access.checkPresence(self.path)
        return value
    }

    private static func translating<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch { throw self.translated(error, path) }
    }

    private static func translated(_ error: any Error, _ path: String) -> any Error {
        switch error {
        case let error as DatabaseError: MetadataError(error, path: path)
        case let error as CocoaError:
            MetadataError(code: .open, message: "\(path) cannot be read: \(error.localizedDescription)")
        default: error
        }
    }
}

extension MetadataError {
    /// SQLite's error code as a sentence with the remedy.
    init(_ error: DatabaseError, path: String) {
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                code: .corrupt,
                message:
                    "\(path) is damaged or no database (\(error.message ?? "")); move it away, or restore it from a copy"
            )
        case .SQLITE_FULL:
            self.init(
                code: .write, message: "the disk that holds \(path) is full; free some space, then resume the run")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
            self.init(
                code: .open,
                message: "\(path) cannot be opened for writing (\(error.message ?? "")); check its folder's permissions"
            )
        case .SQLITE_CONSTRAINT:
            self.init(code: .duplicate, message: "the run exists already in \(path)")
        default:
            self.init(code: .write, message: "\(path): \(error.message ?? "\(error)")")
        }
    }
}
