internal import Glibc
internal import MusterSystem

/// Finds programs by name, as a shell would.
package enum ExecutableSearch {
    /// The path at which `name` would be executed, or nil. A name with a slash is returned as it is.
    /// - Parameters:
    ///   - path: The value of `PATH`; relative entries count from `folder`.
    package static func find(_ name: String, path: String, folder: String? = nil) -> String? {
        if name.contains("/") { return name }
        return self.all(name, path: path, folder: folder).first
    }

    /// Every program of that name on `path`, in its order.
    package static func all(_ name: String, path: String, folder: String? = nil) -> [String] {
        guard !name.isEmpty else { return [] }
        return path.split(separator: ":", omittingEmptySubsequences: false).compactMap { entry in
            let candidate = entry.isEmpty ? "./\(name)" : "\(entry)/\(name)"
            guard self.isExecutable(self.resolve(candidate, folder: folder)) else { return nil }
            return candidate
        }
    }

    /// True for a regular file that this user may execute.
    package static func isExecutable(_ path: String) -> Bool {
        FileStatus(path)?.isFile == true && access(path, X_OK) == 0
    }

    private static func resolve(_ path: String, folder: String?) -> String {
        guard let folder, !path.hasPrefix("/") else { return path }
        return "\(folder)/\(path)"
    }
}
