import Glibc
import Synchronization

/// Artifacts that this process has itself taken into a store, as it last saw their files: what was hashed a moment ago,
/// and has not been touched since, need not be hashed again.
///
/// A file that was written, replaced, renamed, linked or given other attributes has another time of change (`ctime`),
/// which no program can set, or another inode. Files that anybody may still hold open for writing are not for here.
package final class TakenArtifacts: Sendable {
    /// Smaller ones are hashed faster than it is worth remembering them.
    private static let minimumSize = 1 << 20
    /// How many are remembered; the oldest goes.
    private static let kept = 64

    private let stamps = Mutex<[(digest: String, stamp: FileStamp)]>([])

    package init() {}

    /// `file` holds the bytes of `digest`.
    func remember(_ digest: String, _ file: OpenFile) throws(StoreError) {
        let stamp = FileStamp(try file.status())
        guard stamp.size >= Self.minimumSize else { return }
        self.stamps.withLock { stamps in
            stamps.removeAll { $0.digest == digest }
            stamps.append((digest, stamp))
            if stamps.count > Self.kept { stamps.removeFirst() }
        }
    }

    /// Whether the file at `path` is the one that was remembered for `digest`, untouched.
    func knows(_ digest: String, _ path: String) -> Bool {
        guard let stamp = self.stamps.withLock({ $0.first { $0.digest == digest }?.stamp }) else { return false }
        var status = stat()
        return stat(path, &status) == 0 && FileStamp(status) == stamp
    }
}

/// What changes with a file when anything is done to it.
private struct FileStamp: Sendable, Equatable {
    let device: UInt64
    let inode: UInt64
    let size: Int
    /// Nanoseconds.
    let modified: Int
    let changed: Int

    init(_ status: stat) {
        self.device = UInt64(status.st_dev)
        self.inode = UInt64(status.st_ino)
        self.size = Int(status.st_size)
        self.modified = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
        self.changed = status.st_ctim.tv_sec * 1_000_000_000 + status.st_ctim.tv_nsec
    }
}
