internal import CMusterPlatform
internal import Glibc

/// A folder that somebody works in: held for as long as one value, or one program that holds it too, is there.
///
/// The kernel gives it back however its holder ends. What nobody holds is left over (``HeldFolder/clear(_:)``).
package final class HeldFolder: Sendable {
    private let descriptor: CInt

    /// Holds the folder at `path`; nil when there is none.
    package init?(_ path: String) {
        self.descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard self.descriptor >= 0 else { return nil }
        // Shared: a gang's agents hold what their engine holds. Where the file system has no locks nothing can be cleared.
        flock(self.descriptor, LOCK_SH | LOCK_NB)
    }

    deinit { close(self.descriptor) }

    /// Makes the folder at `path` and holds it: nobody ever sees it there without its holder.
    /// - Returns: nil, with `errno` set, when it cannot be made.
    package static func make(_ path: String, mode: UInt32 = 0o700) -> HeldFolder? {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let aside = "\(path[..<slash]).new-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        guard mkdir(aside, mode) == 0 else { return nil }
        guard let folder = HeldFolder(aside), rename(aside, path) == 0 else {
            let error = errno
            rmdir(aside)
            errno = error
            return nil
        }
        return folder
    }

    /// Seconds after which a folder that was being made, or a file, which is locked once it is open, must be held.
    private static let newestAge = 60

    /// Removes everything in the folder at `root` that nobody holds, folders and files that nobody has locked.
    /// - Parameter others: How names begin that are somebody else's to clear.
    /// - Returns: What could not be removed, a sentence each.
    package static func clear(_ root: String, butNamed others: String? = nil) -> [String] {
        guard let stream = opendir(root) else { return [] }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != "..", others.map({ !name.hasPrefix($0) }) ?? true { names.append(name) }
        }
        closedir(stream)
        return names.compactMap { self.clearOne("\(root)/\($0)", isNew: $0.hasPrefix(".")) }
    }

    private static func clearOne(_ path: String, isNew: Bool) -> String? {
        var status = stat()
        // Another user's is his to clear.
        guard lstat(path, &status) == 0, status.st_uid == geteuid() else { return nil }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard isFolder || status.st_mode & S_IFMT == S_IFREG else { return nil }
        if isNew || !isFolder, time(nil) - status.st_ctim.tv_sec < Self.newestAge { return nil }
        if isFolder, status.st_mode & 0o500 != 0o500 { _ = muster_allow_owner(AT_FDCWD, path) }
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            return errno == ENOENT ? nil : "\(path) cannot be removed: \(SystemError.text(errno))"
        }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
        return FolderRemoval.remove(path)
    }
}
