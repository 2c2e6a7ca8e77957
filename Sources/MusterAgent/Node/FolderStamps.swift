import Glibc
import Synchronization

/// Folders as they were last seen with nothing in them but what belongs there: one that has not changed since need not
/// be read again.
///
/// Whatever is added to a folder, removed from it or renamed in it changes the folder's own times.
final class FolderStamps: Sendable {
    struct Stamp: Sendable, Equatable {
        let device: UInt64
        let inode: UInt64
        let mode: UInt32
        /// Nanoseconds.
        let modified: Int
        let changed: Int
    }

    /// Nanoseconds in which two changes may get the same time.
    private static let tick = 20_000_000
    private let stamps = Mutex<[String: Stamp]>([:])

    /// Whether the folder at `path` is as it was when it was remembered.
    func isUntouched(_ path: String) -> Bool {
        guard let stamp = self.stamps.withLock({ $0[path] }) else { return false }
        return Self.stamp(path) == stamp
    }

    /// Nothing is in the folder at `path` but what belongs there.
    func remember(_ path: String) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        // What happens within the same tick as the last change would not show.
        let stamp = Self.stamp(path).flatMap { Self.nanoseconds(now) - $0.changed > Self.tick ? $0 : nil }
        self.stamps.withLock { $0[path] = stamp }
    }

    private static func stamp(_ path: String) -> Stamp? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return Stamp(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), mode: status.st_mode,
            modified: Self.nanoseconds(status.st_mtim), changed: Self.nanoseconds(status.st_ctim))
    }

    private static func nanoseconds(_ time: timespec) -> Int { time.tv_sec * 1_000_000_000 + time.tv_nsec }
}
