import FoundationEssentials
import Glibc
import MusterSystem

/// The plain files below a folder.
enum FolderTree {
    struct File: Sendable, Hashable {
        /// Relative to the folder.
        let path: String
        /// Bytes.
        let size: Int
    }

    /// The names of files that are being written begin so.
    private static let drafts = [".new-", ".muster-part-"]

    /// Every file below `folder`, none where there is no such folder. Links, sockets and files that are being written
    /// are left out.
    /// - Parameter isWanted: Chooses among the names in the folder itself.
    static func files(in folder: String, where isWanted: (String) -> Bool = { _ in true }) throws -> [File] {
        var found: [File] = []
        func visit(_ relative: String) throws {
            guard let names = Folder.names(in: relative.isEmpty ? folder : "\(folder)/\(relative)") else {
                if errno == ENOENT { return }
                throw SystemError(errno, "list \(folder)/\(relative)")
            }
            for name in names
            where !self.drafts.contains(where: name.hasPrefix) && (!relative.isEmpty || isWanted(name)) {
                let path = relative.isEmpty ? name : "\(relative)/\(name)"
                guard let status = FileStatus(ofLink: "\(folder)/\(path)") else { continue }
                if status.isFolder { try visit(path) }
                if status.isFile { found.append(File(path: path, size: status.size)) }
            }
        }
        try visit("")
        return found
    }

    /// Copies the file at `source` to `target` with its time of modification, unless one of that size is there; readers see
    /// it whole.
    /// - Returns: False when it is there.
    static func copy(_ source: String, to target: String) throws -> Bool {
        guard let status = FileStatus(source) else { throw SystemError(errno, "look at \(source)") }
        if FileStatus(target)?.size == status.size { return false }
        try Folder.make(Folder.parent(of: target))
        let draft = "\(Folder.parent(of: target))/.new-\(UUID().uuidString)"
        defer { unlink(draft) }
        let copy = try OpenFile(draft, O_WRONLY | O_CREAT | O_EXCL, mode: status.permissions)
        try OpenFile(source, O_RDONLY).forEachPiece(copy.write)
        let time = timespec(
            tv_sec: status.stamp.modified / 1_000_000_000, tv_nsec: status.stamp.modified % 1_000_000_000)
        try SystemCall.check("set the time of \(draft)") { futimens(copy.descriptor, [time, time]) }
        try SystemCall.check("write \(target)") { rename(draft, target) }
        return true
    }
}
