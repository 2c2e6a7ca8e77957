import MusterSystem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Paths as text: a flow program finds its sources, its agent and `muster` by them.
enum FilePaths {
    /// `/a/b` for `/a/b/c`.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func isFolder(_ path: String) -> Bool {
        FileStatus(path)?.isFolder ?? false
    }

    static func isExecutable(_ path: String) -> Bool {
        !self.isFolder(path) && access(path, X_OK) == 0
    }

    /// The absolute path. Links are not resolved, because the name of a link can select a flow.
    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let buffer = getcwd(nil, 0) else { return path }
        defer { free(buffer) }
        let folder = String(cString: buffer)
        return folder + "/" + (path.hasPrefix("./") ? String(path.dropFirst(2)) : path)
    }

    /// The first program called `name` in the folders of `searchPath`.
    static func find(_ name: String, in searchPath: String) -> String? {
        searchPath.split(separator: ":").map { "\($0)/\(name)" }.first(where: self.isExecutable)
    }

    /// The path with all links resolved.
    static func resolved(_ path: String) -> String? {
        guard let buffer = realpath(path, nil) else { return nil }
        defer { free(buffer) }
        return String(cString: buffer)
    }
}
