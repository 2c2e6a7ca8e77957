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

    /// Makes the folder at `path`, which has its lock from the first moment that others can see it.
    /// - Returns: nil, with `errno` set, when it cannot be made.
    package static func make(_ path: String, mode: mode_t = 0o700) -> LockedFolder? {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let aside = "\(path[..<slash])\(Self.newPrefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
        guard mkdir(aside, mode) == 0 else { return nil }
        guard let folder = LockedFolder(aside), rename(aside, path) == 0 else {
            let error = errno
            rmdir(aside)
            errno = error
            return nil
        }
        return folder
    }

    /// The beginning of the names of folders that are not locked yet.
    static let newPrefix = ".new-"
}
