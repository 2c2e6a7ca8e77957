import MusterSystem

/// A folder with a short path for a node's temporary files and sockets.
enum TemporaryFolder {
    /// The longest path of a parent below which sockets of programs still fit into 107 bytes.
    private static let longestParent = 24

    /// Makes one that no other node has, for this user alone: in the place's own folder for temporary files where that is
    /// short and can be written to, otherwise in `/tmp`, `/var/tmp` or `/dev/shm`.
    static func make(_ preferred: String?) throws(AgentError) -> String {
        let own = preferred.flatMap { $0.hasPrefix("/") && $0.utf8.count <= Self.longestParent ? $0 : nil }
        let parents = [own, "/tmp", "/var/tmp", "/dev/shm"].compactMap { $0 }
        for parent in parents {
            if let path = Folder.makeUnique(in: parent, prefix: "muster-") { return path }
        }
        throw AgentError(
            "there is no folder for temporary files: none of \(parents.joined(separator: ", ")) can be written to")
    }
}
