import Glibc
import MusterSystem

/// Moves files into the store.
enum Taking {
    /// Opens `file`, which has to be a plain one and no link.
    static func open(_ file: String) throws -> OpenFile {
        let source = try OpenFile(file, O_RDONLY | O_NOFOLLOW)
        guard try source.status().isFile else {
            throw StoreError(.failed, "cannot take \(file) into the store: it is not a plain file")
        }
        return source
    }

    /// Renames `file` to `target` in `folder`, which is made if it is missing. Returns false when that is on another file
    /// system.
    /// - Parameter what: The name of `file` in a message.
    static func move(_ file: String, to target: String, in folder: String, _ what: String) throws(StoreError) -> Bool {
        if rename(file, target) == 0 { return true }
        if errno == ENOENT {
            try StoreError.converting { () throws(SystemError) in try Folder.make(folder) }
            if rename(file, target) == 0 { return true }
        }
        if errno == EXDEV { return false }
        throw StoreError(SystemError(errno, "put \(what) into the store as \(target)"))
    }
}
