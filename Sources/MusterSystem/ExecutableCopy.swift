#if canImport(Glibc)
    package import Glibc
#elseif canImport(Musl)
    package import Musl
#else
    package import Darwin
#endif

/// Copies of programs that other processes execute as soon as they see them.
package enum ExecutableCopy {
    /// Makes a copy of `source` at `path`, whose folder is made as well. The copy is closed before it has its name: the
    /// kernel refuses to execute a file that is open for writing (`ETXTBSY`).
    /// - Parameter mode: Of the copy and, with the bits that make a folder usable, of its folder.
    package static func make(of source: OpenFile, at path: String, mode: mode_t) throws {
        let folder = Folder.parent(of: path)
        try Folder.make(folder, mode: mode)
        let draft = "\(folder)/.new-\(UInt64.random(in: 0...UInt64.max))"
        do {
            try self.write(source, to: draft, mode)
            try SystemCall.check("write \(path)") { rename(draft, path) }
        } catch {
            unlink(draft)
            throw error
        }
    }

    private static func write(_ source: OpenFile, to draft: String, _ mode: mode_t) throws {
        let copy = try OpenFile(draft, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        try source.forEachPiece(copy.write)
    }
}
