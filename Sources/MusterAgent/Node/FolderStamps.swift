import Glibc
import MusterSystem
import Synchronization

/// The times of folders when they were last seen empty. A folder with the same times need not be read again: every entry
/// that is added, removed or renamed changes them. Saves four directory reads of a short task, 4 ms of 174 (Benchmarks: foreach).
final class FolderStamps: Sendable {
    /// Nanoseconds within which the kernel may give two changes the same time.
    private static let tick = 20_000_000
    private let stamps = Mutex<[String: FileStatus]>([:])

    /// Returns true when the folder at `path` has not changed since it was remembered.
    func isUntouched(_ path: String) -> Bool {
        guard let stamp = self.stamps.withLock({ $0[path] }) else { return false }
        return FileStatus(ofLink: path) == stamp
    }

    /// Remembers the folder at `path`, which was just emptied.
    func remember(_ path: String) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        // A change within the same tick as the last one would not be visible.
        let stamp = FileStatus(ofLink: path).flatMap {
            FileStatus.nanoseconds(now) - $0.changed > Self.tick ? $0 : nil
        }
        self.stamps.withLock { $0[path] = stamp }
    }
}
