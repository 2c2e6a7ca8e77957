import Foundation
import GRDB
import MusterSystem

/// The connection to the database.
enum DatabaseAccess: Sendable {
    case writable(DatabasePool, FileID?)
    case readOnly(ReadOnlyDatabase)

    /// Opens the database at `path` for writing, made if it is missing and brought up to date.
    static func opening(_ path: String, busyTimeout: Double) throws -> DatabaseAccess {
        // Of two processes that create the database at the same time, one can find it locked during the switch to
        // write-ahead mode.
        let lock = try Self.lock(path + ".lock")
        defer { withExtendedLifetime(lock) {} }
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        configuration.maximumReaderCount = 2
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.read { try self.checkVersion($0, path) }
        try SQLiteSchema.migrator.migrate(pool)
        return .writable(pool, FileStamp(path)?.id)
    }

    /// The database at `path`, which is there, for reading alone.
    static func reading(_ path: String, busyTimeout: Double) throws -> DatabaseAccess {
        let database = ReadOnlyDatabase(path: path, busyTimeout: busyTimeout)
        try database.read { try self.checkVersion($0, path) }
        return .readOnly(database)
    }

    /// Opens the lock file at `path`, made if it is missing, and waits for its exclusive lock.
    private static func lock(_ path: String) throws -> OpenFile {
        do throws(SystemError) {
            let file = try OpenFile(path, O_RDWR | O_CREAT)
            file.lock(.exclusive)
            return file
        } catch {
            throw MetadataError(
                code: .open,
                message:
                    "\(path) cannot be made (\(SystemError.text(error.number))); choose a store folder that you can write to"
            )
        }
    }

    private static func checkVersion(_ database: Database, _ path: String) throws {
        guard try SQLiteSchema.migrator.hasBeenSuperseded(database) else { return }
        throw MetadataError(
            code: .version, message: "\(path) was written by a newer version of Muster; use that one")
    }

    /// Checks that a write has reached the file that other processes find at the path.
    ///
    /// A file that was deleted or replaced still takes writes from processes that have it open; they are lost.
    func checkPresence(_ path: String) throws {
        guard case .writable(_, let opened?) = self, opened != FileStamp(path)?.id else { return }
        throw MetadataError(
            code: .lost,
            message:
                "\(path) was deleted or replaced while it was in use; what was recorded since is lost. Put it back if there is a copy, or begin a new run"
        )
    }
}
