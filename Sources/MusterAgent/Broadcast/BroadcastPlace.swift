import FoundationEssentials
import Glibc
import MusterWire

/// The destination of a broadcast file on a receiving node.
struct BroadcastPlace: Sendable {
    /// The file's place in the node's work folder.
    let path: String
    private let temporary: String
    private let folder: NodeFolder
    private let parts: [String]

    /// - Parameter path: Relative to the work folder, already checked.
    init(_ path: String, broadcast: Int, in folder: NodeFolder) {
        self.folder = folder
        self.parts = path.split(separator: "/").map(String.init)
        self.path = "\(folder.work)/\(path)"
        self.temporary = "\(folder.root)/broadcast-\(broadcast)"
    }

    /// The reason for which `path` is no place in a work folder; nil when it is one.
    static func problem(_ path: String) -> String? {
        PlainPath.isOne(path)
            ? nil : "'\(path)' is not the path of a file in the work folder; name it relative to that folder"
    }

    /// The permission bits of the received file: those of the sent file without write permission, because the nodes of one
    /// machine share it.
    static func mode(of offer: BroadcastOffer) -> Int { offer.mode & 0o555 | 0o400 }

    /// Makes the temporary file, on the same file system as the destination.
    func create(_ offer: BroadcastOffer) throws(AgentError) -> CInt {
        unlink(self.temporary)
        let descriptor = open(
            self.temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(Self.mode(of: offer)))
        guard descriptor >= 0 else { throw .system("make the file \(self.temporary)") }
        return descriptor
    }

    /// Renames the temporary file to the destination.
    func finish() -> AgentError? {
        var parent = self.folder.work
        for part in self.parts.dropLast() {
            parent += "/\(part)"
            guard mkdir(parent, 0o700) == 0 || errno == EEXIST else { return .system("make the folder \(parent)") }
        }
        guard rename(self.temporary, self.path) == 0 else { return .system("put \(self.path) in its place") }
        return nil
    }

    /// Copies a file that is visible on this node. Nodes that share a work folder have it already.
    func copy(_ offer: BroadcastOffer) -> AgentError? {
        // A file that cannot be looked at is replaced, as any other is.
        if let own = try? FileIdentity.look(self.path).identity, own.isSameFile(as: offer.source) { return nil }
        unlink(self.temporary)
        return SharedCopy(offer: offer).link(to: self.temporary) ?? self.finish()
    }
}
