import Glibc
import MusterSystem
import Synchronization

/// Folders as they were last seen with nothing in them but what belongs there: one that has not changed since need not
/// be read again.
///
/// Whatever is added to a folder, removed from it or renamed in it changes the folder's own times.
final class FolderStamps: Sendable {
    /// Nanoseconds in which two changes may get the same time.
    private static let tick = 20_000_000
    private let stamps = Mutex<[String: FileStatus]>([:])

    /// Whether the folder at `path` is as it was when it was remembered.
    func isUntouched(_ path: String) -> Bool {
        guard let stamp = self.stamps.withLock({ $0[path] }) else { return false }
        return FileStatus(ofLink: path) == stamp
    }

    /// Nothing is in the folder at `path` but what belongs there.
    func remember(_ path: String) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        // What happens within the same tick as the last change would not show.
        let stamp = FileStatus(ofLink: path).flatMap {
            FileStatus.nanoseconds(now) - $0.changed > Self.tick ? $0 : nil
        }
        self.stamps.withLock { $0[path] = stamp }
    }
}
