import Foundation
import GRDB
import MusterSystem
import Synchronization

/// Tells whether a database has changed, without reading it.
final class DatabaseChanges: Sendable {
    /// File systems keep times in steps of up to 10 ms: a file that was written this many nanoseconds ago may be written
    /// again and keep its time.
    private static let resolution = 100_000_000

    private let path: String
    private let isReadOnly: Bool
    /// A connection that writes nothing: `data_version` counts the commits of all others.
    private let connection = Mutex<DatabaseQueue?>(nil)

    init(path: String, isReadOnly: Bool) {
        self.path = path
        self.isReadOnly = isReadOnly
    }

    func mark() throws -> ChangeMark { self.isReadOnly ? self.stamps() : try self.version() }

    /// SQLite's own counter, which it keeps in shared memory: a call takes 8 µs.
    private func version() throws -> ChangeMark {
        let connection = try self.connection.withLock { connection in
            if let connection { return connection }
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(30)
            let made = try DatabaseQueue(path: self.path, configuration: configuration)
            connection = made
            return made
        }
        return ChangeMark(try connection.inDatabase { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 })
    }

    /// The stamps of the database and of its log. Without permission to write there is no shared memory to ask.
    private func stamps() -> ChangeMark {
        let stamps = [self.path, self.path + "-wal"].map { FileStamp($0) }
        let now = Int(Date().timeIntervalSince1970 * 1e9)
        let isFresh = stamps.contains { $0.map { now - $0.modified < Self.resolution } ?? false }
        return ChangeMark(stamps, isFresh ? now : 0)
    }
}
