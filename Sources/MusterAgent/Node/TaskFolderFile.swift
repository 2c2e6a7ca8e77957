import Glibc
import MusterSystem

/// A file that a step program names as one of its task folder's.
enum TaskFolderFile {
    /// Its path.
    /// - Parameters:
    ///   - what: What names it, for a message.
    ///   - name: Relative to the task folder.
    /// - Throws: when the name leads elsewhere, through a link for one, or to something else than a plain file.
    static func path(_ what: String, _ name: String, in folder: String) throws(AgentError) -> String {
        guard PlainPath.isOne(name) else {
            throw AgentError("\(what) names the file '\(name)', which is not below the task folder")
        }
        var path = folder
        let parts = name.split(separator: "/")
        for (index, part) in parts.enumerated() {
            path += "/\(part)"
            let type = index + 1 < parts.count ? S_IFDIR : S_IFREG
            guard FileStatus(ofLink: path)?.type == type else {
                throw AgentError("\(what) names the file '\(name)', which is not a file of the task folder")
            }
        }
        return path
    }
}
