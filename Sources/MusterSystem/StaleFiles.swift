import CMusterPlatform
import Glibc

/// Files and folders whose owners have ended without removing them: nobody holds a lock on them any more.
package enum StaleFiles {
    /// Seconds that an owner has to lock a file that it has made, or a folder that it is making.
    private static let newestAge = 60

    /// Removes everything of this user's in the folder at `root` that nobody has locked.
    /// - Parameter prefix: Names that begin so belong to another owner, with rules of its own.
    /// - Returns: A sentence for each that could not be removed.
    package static func remove(in root: String, exceptPrefix prefix: String? = nil) -> [String] {
        (Folder.names(in: root) ?? [])
            .filter { name in prefix.map { !name.hasPrefix($0) } ?? true }
            .compactMap { self.removeOne("\(root)/\($0)", isNew: $0.hasPrefix(".")) }
    }

    /// The names of what ``remove(in:exceptPrefix:)`` would remove.
    package static func names(in root: String) -> [String] {
        (Folder.names(in: root) ?? []).filter { (try? self.take("\(root)/\($0)", isNew: $0.hasPrefix("."))) != nil }
    }

    private static func removeOne(_ path: String, isNew: Bool) -> String? {
        do throws(SystemError) {
            guard let taken = try self.take(path, isNew: isNew) else { return nil }
            defer { withExtendedLifetime(taken) {} }
            return FolderRemoval.remove(path)
        } catch {
            return error.number == ENOENT ? nil : "\(path) cannot be removed: \(SystemError.text(error.number))"
        }
    }

    /// The file or folder with its lock; nil when somebody may need it.
    private static func take(_ path: String, isNew: Bool) throws(SystemError) -> OpenFile? {
        guard let status = FileStatus(ofLink: path), status.owner == geteuid(), status.isFolder || status.isFile else {
            return nil
        }
        if isNew || !status.isFolder, time(nil) - status.changed / 1_000_000_000 < Self.newestAge { return nil }
        if status.isFolder, status.mode & 0o500 != 0o500 { _ = muster_allow_owner(AT_FDCWD, path) }
        let file = try OpenFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        return file.tryLock(.exclusive) ? file : nil
    }
}
