import Crypto
import FoundationEssentials
import Glibc
import MusterStore
import MusterSystem

/// Artifacts, code packages and programs of a bucket on this machine, for all of its nodes that see nothing else of the
/// store: what one has fetched the others have too. The last node that leaves removes it.
final class NodeCache: Sendable {
    let path: String
    private let lock: LockedFolder

    /// Folders of a store that nodes share, and programs.
    static let shared = ["artifacts", "packages", "incoming", programs]
    static let programs = "programs"

    /// Makes or joins the cache of `bucket` in `folder`.
    /// - Throws: ``AgentError`` when another user has such a folder there.
    init(of bucket: String, in folder: String) throws {
        let digest = Hexadecimal.text(SHA256.hash(data: Data(bucket.utf8)))
        self.path = "\(folder)/muster-cache-\(getuid())-\(digest.prefix(16))"
        while true {
            if let made = LockedFolder.make(self.path, subfolders: Self.shared) {
                self.lock = made
                return
            }
            guard errno == EEXIST || errno == ENOTEMPTY else { throw AgentError.system("make the folder \(self.path)") }
            let status = FileStatus(ofLink: self.path)
            if let status, !(status.isFolder && status.owner == getuid() && status.permissions & 0o077 == 0) {
                throw AgentError(
                    "\(self.path) is not this user's own folder; remove it, or set TMPDIR to another folder")
            }
            // The last node may have removed it meanwhile.
            guard let joined = LockedFolder.join(self.path) else { continue }
            self.lock = joined
            return
        }
    }

    /// Makes the shared folders part of a store's folder of one node.
    func link(into store: String) throws {
        for name in Self.shared {
            try SystemCall.check("link \(store)/\(name)") { symlink("\(self.path)/\(name)", "\(store)/\(name)") }
        }
    }

    /// Removes the cache when no other node uses it.
    func leave() {
        guard self.lock.isLastUser() else { return }
        if let problem = FolderRemoval.remove(self.path) { AgentErrors.print(problem) }
    }
}
