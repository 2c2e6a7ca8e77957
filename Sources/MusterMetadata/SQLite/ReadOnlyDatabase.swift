import Foundation
import GRDB
import MusterSystem

/// A database that this user may read and not write: a colleague's, or one on a read-only file system.
///
/// It is opened anew for each read, because the way to read it depends on the processes that use it:
///
/// - With a shared-memory file beside it, a process writes or has died while writing. SQLite reads it in its usual way,
///   with the write-ahead log and the writer's locks.
/// - With neither that file nor a log, the database file has everything, and no process writes. SQLite would have to
///   make those files, so it opens the database as immutable; afterwards the stamps tell if that was true.
/// - With a log alone, a copy of both is read: the log's index cannot be made beside it.
struct ReadOnlyDatabase: Sendable {
    let path: String
    /// Seconds to wait for a lock.
    let busyTimeout: Double

    /// The number of attempts, in case that writers come and go during each of them.
    private static let attempts = 10

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        for _ in 1..<Self.attempts {
            let before = Traces(path: self.path)
            let result = Result { try self.once(before, body) }
            // A read during a change may have seen parts of both states.
            if before.isShared || Traces(path: self.path) == before { return try result.get() }
        }
        return try self.once(Traces(path: self.path), body)
    }

    private func once<Value>(_ traces: Traces, _ body: (Database) throws -> Value) throws -> Value {
        if traces.isShared { return try self.open(self.path, body) }
        if traces.hasLog { return try self.readCopy(body) }
        return try self.open("file:\(Self.escaped(self.path))?immutable=1", body)
    }

    private func open<Value>(_ name: String, _ body: (Database) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(self.busyTimeout)
        return try DatabaseQueue(path: name, configuration: configuration).read(body)
    }

    private func readCopy<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let files = FileManager.default
        let folder = "\(files.temporaryDirectory.path)/muster-read-\(UUID().uuidString)"
        try files.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? files.removeItem(atPath: folder) }
        let copy = "\(folder)/muster.db"
        for ending in ["", "-wal"] {
            try Data(contentsOf: URL(filePath: self.path + ending), options: .alwaysMapped)
                .write(to: URL(filePath: copy + ending))
        }
        return try DatabaseQueue(path: copy).read(body)
    }

    /// A path within a URI: what has a meaning there is written as its byte.
    private static func escaped(_ path: String) -> String {
        path.replacingOccurrences(of: "%", with: "%25").replacingOccurrences(of: "?", with: "%3f")
            .replacingOccurrences(of: "#", with: "%23")
    }
}

/// The files of a database as they are at one moment.
private struct Traces: Equatable {
    private let database: FileStamp?
    private let log: FileStamp?
    /// True when a process shares an index of the log.
    let isShared: Bool

    init(path: String) {
        self.database = FileStamp(path)
        self.log = FileStamp(path + "-wal")
        self.isShared = FileStamp(path + "-shm") != nil
    }

    var hasLog: Bool { self.log.map { $0.size > 0 } ?? false }
}
