import FoundationEssentials
import Glibc
import MusterSystem
import MusterWire

extension BroadcastSource {
    /// The file at `path`, which a step body wants to broadcast.
    static func find(_ path: String) -> Result<BroadcastSource, AgentError> {
        Result { () throws(AgentError) in
            let (identity, size, mode) = try FileIdentity.look(path)
            return BroadcastSource(identity: identity, size: size, mode: mode)
        }
    }
}

extension FileIdentity {
    /// The file at `path` as this node sees it, with its size in bytes and permission bits.
    /// - Throws: ``AgentError`` when it does not exist or is no plain file.
    static func look(_ path: String) throws(AgentError) -> (identity: FileIdentity, size: Int, mode: Int) {
        guard let status = FileStatus(path) else { throw .system("read \(path)") }
        guard status.isFile else { throw AgentError("\(path) is not a file") }
        guard access(path, R_OK) == 0 else { throw .system("read \(path)") }
        let identity = FileIdentity(
            system: Self.machine, path: path, device: status.id.device, inode: status.id.inode)
        return (identity, status.size, Int(status.permissions))
    }

    /// True when this node sees that very file at its path.
    var isHere: Bool { (try? Self.look(self.path).identity) == self }

    /// Returns true when both are one file, whatever their paths.
    func isSameFile(as other: FileIdentity) -> Bool {
        self.system == other.system && self.device == other.device && self.inode == other.inode
    }

    private static var machine: String {
        let data = try? Data(contentsOf: URL(filePath: "/proc/sys/kernel/random/boot_id"))
        // Without a boot id every node counts as another machine.
        return data.map { String(decoding: $0.prefix(36), as: UTF8.self) }
            ?? "\(getpid())-\(UInt64.random(in: 0 ... .max))"
    }
}
