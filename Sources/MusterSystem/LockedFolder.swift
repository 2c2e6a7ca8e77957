package import Glibc

/// A folder in use: it is locked, shared, while this value or one of another process exists.
///
/// The kernel releases the lock however its holder ends. ``StaleFiles`` removes folders that nobody has locked.
package final class LockedFolder: Sendable {
    private let folder: OpenFile

    /// Locks the folder at `path`; nil when there is none.
    package init?(_ path: String) {
        guard let folder = try? OpenFile(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else { return nil }
        // Shared: a gang's agents lock the same folder as their engine. On a file system without locks this fails, and
        // ``StaleFiles`` cannot take the exclusive lock there either.
        folder.tryLock(.shared)
        self.folder = folder
    }

    /// Joins the users of the folder at `path`, after one that is about to remove it has done so.
    /// - Returns: nil when there is no such folder, or another one by now.
    package static func join(_ path: String) -> LockedFolder? {
        guard let joined = LockedFolder(path) else { return nil }
        joined.folder.lock(.shared)
        return FileStatus(ofLink: path)?.stamp.id == (try? joined.folder.status())?.stamp.id ? joined : nil
    }

    /// True when no other user is left; nobody can join from then on.
    package func isLastUser() -> Bool { self.folder.tryLock(.exclusive) }

    /// Makes the folder at `path`, which has its lock from the first moment that others can see it.
    /// - Parameter subfolders: Names of folders that are in it from that moment on.
    /// - Returns: nil, with `errno` set, when it cannot be made.
    package static func make(_ path: String, mode: mode_t = 0o700, subfolders: [String] = []) -> LockedFolder? {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let aside = "\(path[..<slash])\(Self.newPrefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
        guard mkdir(aside, mode) == 0 else { return nil }
        let isFilled = subfolders.allSatisfy { mkdir("\(aside)/\($0)", mode) == 0 }
        guard isFilled, let folder = LockedFolder(aside), rename(aside, path) == 0 else {
            let error = errno
            for name in subfolders { rmdir("\(aside)/\(name)") }
            rmdir(aside)
            errno = error
            return nil
        }
        return folder
    }

    /// The beginning of the names of folders that are not locked yet.
    static let newPrefix = ".new-"
}
