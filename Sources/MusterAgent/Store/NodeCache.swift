import Crypto
import FoundationEssentials
import Glibc
import MusterStore
import MusterSystem

/// Artifacts, code packages, programs and Python environments of a bucket on this machine, for all of its nodes that see
/// nothing else of the store: what one has fetched or made the others have too. Each has a folder of its own in it. The
/// last node that leaves removes all of it, and each that comes removes the folders of nodes that were killed.
final class NodeCache: Sendable {
    let path: String
    private let lock: LockedFolder

    /// Folders of a store that nodes share, and programs.
    static let shared = ["artifacts", "packages", "incoming", programs]
    static let programs = "programs"
    private static let environments = "python"
    private static let nodes = "nodes"

    /// Makes or joins the cache of `bucket` in `folder`.
    /// - Throws: ``AgentError`` when another user has such a folder there.
    init(of bucket: String, in folder: String) throws {
        let digest = Hexadecimal.text(SHA256.hash(data: Data(bucket.utf8)))
        self.path = "\(folder)/muster-cache-\(getuid())-\(digest.prefix(16))"
        while true {
            if let made = LockedFolder.make(self.path, subfolders: Self.shared + [Self.nodes, Self.environments]) {
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

    /// The folder of Python environments, whose programs hold its path: nodes use it where it is.
    var python: String { "\(self.path)/\(Self.environments)" }

    /// A folder for one node with the layout of a store, of which the shared folders are a part. It counts as in use for as
    /// long as the second value exists.
    func makeNode() throws -> (path: String, lock: LockedFolder) {
        let nodes = "\(self.path)/\(Self.nodes)"
        for problem in StaleFiles.remove(in: nodes) { AgentErrors.print(problem) }
        let node = "\(nodes)/\(UUID().uuidString)"
        guard let lock = LockedFolder.make(node) else { throw AgentError.system("make the folder \(node)") }
        for name in Self.shared {
            try SystemCall.check("link \(node)/\(name)") { symlink("\(self.path)/\(name)", "\(node)/\(name)") }
        }
        return (node, lock)
    }

    /// Removes the cache when no other node uses it.
    func leave() {
        guard self.lock.isLastUser() else { return }
        if let problem = FolderRemoval.remove(self.path) { AgentErrors.print(problem) }
    }
}
