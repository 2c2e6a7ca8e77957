import MusterSystem
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

    private let taken = Mutex<[(digest: String, status: FileStatus)]>([])

    package init() {}

    /// `file` holds the bytes of `digest`.
    func remember(_ digest: String, _ file: OpenFile) throws(SystemError) {
        let status = try file.status()
        guard status.size >= Self.minimumSize else { return }
        self.taken.withLock { taken in
            taken.removeAll { $0.digest == digest }
            taken.append((digest, status))
            if taken.count > Self.kept { taken.removeFirst() }
        }
    }

    /// Whether the file at `path` is the one that was remembered for `digest`, untouched.
    func knows(_ digest: String, _ path: String) -> Bool {
        guard let status = self.taken.withLock({ $0.first { $0.digest == digest }?.status }) else { return false }
        return FileStatus(path) == status
    }
}
