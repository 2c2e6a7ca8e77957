import MusterHistory
import Synchronization

/// The indexes of the logs that are looked at.
final class LogIndexes: Sendable {
    /// Indexes that are kept; one of a log of a gigabyte takes 64 KiB.
    private static let most = 512

    private let indexes = Mutex<[String: LogIndex]>([:])

    /// The index of the log at `path`, extended by what has been added to the log.
    func index(_ path: String, extend: (inout LogIndex) throws -> Void) throws -> LogIndex {
        var index = self.indexes.withLock { $0[path] } ?? LogIndex()
        // Outside of the lock: a long log takes long the first time.
        try extend(&index)
        self.indexes.withLock { indexes in
            if indexes.count >= Self.most, indexes[path] == nil { indexes.removeAll() }
            if indexes[path].map({ $0.end < index.end }) ?? true { indexes[path] = index }
        }
        return index
    }
}
