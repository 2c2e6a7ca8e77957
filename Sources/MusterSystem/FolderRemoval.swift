import CMusterPlatform
import Glibc

/// Removes folders with everything in them, also folders without permissions and trees deeper than `PATH_MAX`.
///
/// Links are not followed and mounted file systems are not entered. Each entry is reached by the descriptor of its folder
/// (`openat`, `unlinkat`), so a folder that is renamed meanwhile does not lead the removal to another place.
package struct FolderRemoval {
    /// Descriptors that are open at once at most. A folder below that depth is renamed into the top folder first.
    private static let depth = 32

    private let path: String
    private var device: dev_t = 0
    private var top: CInt = -1
    private var moved = 0
    private var problem: String?

    /// Removes the file, link or folder at `path`; fine when there is none.
    /// - Returns: A sentence with the first entry that could not be removed and the reason; nil when nothing is left.
    package static func remove(_ path: String) -> String? {
        if unlink(path) == 0 || errno == ENOENT { return nil }
        guard errno == EISDIR || errno == EPERM else {
            return "\(path) cannot be removed: \(SystemError.text(errno))"
        }
        var removal = FolderRemoval(path: path)
        removal.run()
        return removal.problem
    }

    private init(path: String) { self.path = path }

    private mutating func run() {
        let folder = Self.open(self.path, in: AT_FDCWD)
        guard folder >= 0 else {
            if errno != ENOENT { self.note("", errno) }
            return
        }
        var status = stat()
        fstat(folder, &status)
        (self.device, self.top) = (status.st_dev, folder)
        // A folder that was moved up can itself be deeper than ``depth``.
        var before = -1
        while before != self.moved {
            before = self.moved
            self.empty(folder, "", depth: 0)
        }
        close(folder)
        if self.problem == nil, rmdir(self.path) != 0, errno != ENOENT { self.note("", errno) }
    }

    /// Removes the entries of `folder`. Its path below the top is `name`.
    private mutating func empty(_ folder: CInt, _ name: String, depth: Int) {
        for entry in Self.entries(of: folder) {
            entry.withUnsafeBufferPointer { entry in
                guard let entry = entry.baseAddress else { return }
                self.remove(entry, from: folder, name, depth: depth)
            }
        }
    }

    private mutating func remove(_ entry: UnsafePointer<CChar>, from folder: CInt, _ name: String, depth: Int) {
        if unlinkat(folder, entry, 0) == 0 || errno == ENOENT { return }
        let error = errno
        let path = "\(name)/\(String(cString: entry))"
        guard error == EISDIR || error == EPERM || error == EACCES, Self.isFolder(entry, in: folder) else {
            return self.note(path, error)
        }
        if depth >= Self.depth, self.moveUp(entry, from: folder) { return }
        let child = Self.open(entry, in: folder)
        guard child >= 0 else { return self.note(path, errno) }
        defer { close(child) }
        var status = stat()
        guard fstat(child, &status) == 0, status.st_dev == self.device else {
            return self.note(path, EBUSY)
        }
        self.empty(child, path, depth: depth + 1)
        if unlinkat(folder, entry, CInt(AT_REMOVEDIR)) != 0, errno != ENOENT, self.problem == nil {
            self.note(path, errno)
        }
    }

    private mutating func moveUp(_ entry: UnsafePointer<CChar>, from folder: CInt) -> Bool {
        // A rename to another parent changes the folder's `..`, so the folder itself must be writable.
        let child = Self.open(entry, in: folder)
        guard child >= 0 else { return false }
        close(child)
        self.moved += 1
        return renameat(folder, entry, self.top, ".moved-\(getpid())-\(self.moved)") == 0
    }

    private mutating func note(_ name: String, _ error: CInt) {
        guard self.problem == nil else { return }
        let shown = name.utf8.count > 200 ? "\(name.prefix(100))…\(name.suffix(60))" : name
        let reason = error == EBUSY ? "something is mounted there" : SystemError.text(error)
        self.problem = "\(self.path)\(shown) cannot be removed: \(reason)"
    }

    // MARK: System calls

    private static func isFolder(_ entry: UnsafePointer<CChar>, in folder: CInt) -> Bool {
        var status = stat()
        return fstatat(folder, entry, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Opens a folder, never a link, and gives its owner all permissions.
    private static func open(_ entry: UnsafePointer<CChar>, in folder: CInt) -> CInt {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var opened = openat(folder, entry, flags)
        if opened < 0, errno == EACCES, muster_allow_owner(folder, entry) == 0 { opened = openat(folder, entry, flags) }
        guard opened >= 0 else { return -1 }
        var status = stat()
        if fstat(opened, &status) == 0, status.st_mode & 0o700 != 0o700 { fchmod(opened, 0o700) }
        return opened
    }

    /// Names as bytes with a final 0, because they need not be UTF-8.
    private static func entries(of folder: CInt) -> [[CChar]] {
        let own = dup(folder)
        guard own >= 0, let stream = fdopendir(own) else {
            if own >= 0 { close(own) }
            return []
        }
        defer { closedir(stream) }
        rewinddir(stream)
        var names: [[CChar]] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
            }
            let dot = CChar(bitPattern: UInt8(ascii: "."))
            if name != [dot], name != [dot, dot] { names.append(name + [0]) }
        }
        return names
    }
}
