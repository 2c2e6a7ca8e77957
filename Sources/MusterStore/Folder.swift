import FoundationEssentials
import Glibc

/// Folders, made and removed.
enum Folder {
    /// Makes `path` and what is missing above it; fine when it is there already.
    static func make(_ path: String) throws(StoreError) {
        if mkdir(path, 0o755) == 0 { return }
        let number = errno
        switch number {
        case EEXIST:
            guard Self.exists(path) else {
                throw StoreError(.failed, "cannot make the folder \(path): a file of that name is in the way")
            }
        case ENOENT:
            let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
            guard !parent.isEmpty else { throw SystemCall.error(number, "make the folder \(path)") }
            try Self.make(parent)
            guard mkdir(path, 0o755) != 0, errno != EEXIST else { return }
            throw SystemCall.error(errno, "make the folder \(path)")
        default:
            throw SystemCall.error(number, "make the folder \(path)")
        }
    }

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Removes a folder with everything in it, as far as that is possible.
    static func remove(_ path: String) {
        guard Self.exists(path) else { return }
        try? FileManager.default.removeItem(atPath: path)
    }
}
