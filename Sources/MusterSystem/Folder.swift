#if canImport(Glibc)
    package import Glibc
#elseif canImport(Musl)
    package import Musl
#else
    package import Darwin
#endif

/// Folders, made and listed.
package enum Folder {
    /// Permission bits that leave the decision to the umask.
    package static let shared: mode_t = 0o777

    /// Makes `path` with `mode`, and the folders above it that are missing with ``shared``. A folder that is there is left
    /// as it is. Several processes may make one folder at the same time.
    package static func make(_ path: String, mode: mode_t = shared) throws(SystemError) {
        if mkdir(path, mode) == 0 { return }
        switch errno {
        case EEXIST:
            // Gone again: somebody has removed it meanwhile.
            guard let status = FileStatus(path) else { throw SystemError(ENOENT, "make the folder \(path)") }
            guard status.isFolder else { throw SystemError(ENOTDIR, "make the folder \(path)") }
        case ENOENT:
            let parent = self.parent(of: path)
            guard !parent.isEmpty, parent != path else { throw SystemError(ENOENT, "make the folder \(path)") }
            try self.make(parent)
            guard mkdir(path, mode) != 0, errno != EEXIST else { return }
            throw SystemError(errno, "make the folder \(path)")
        case let number:
            throw SystemError(number, "make the folder \(path)")
        }
    }

    /// Makes a folder in `parent` for this user alone, with six characters behind `prefix` that make its name unique.
    /// - Returns: Its path; nil, with `errno` set, when it cannot be made.
    package static func makeUnique(in parent: String, prefix: String) -> String? {
        var template = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The path before the last slash: `/a` of `/a/b`, "" of `/a` and of `b`.
    package static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    /// The names in the folder at `path`, in no order, without `.` and `..`; nil, with `errno` set, when it cannot be read.
    package static func names(in path: String) -> [String]? {
        guard let stream = opendir(path) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
