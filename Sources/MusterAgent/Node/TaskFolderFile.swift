import Glibc
import MusterSystem

/// A file of the task folder that a step program names.
enum TaskFolderFile {
    /// Its path.
    /// - Parameters:
    ///   - what: The thing that names it, for a message.
    ///   - name: Relative to the task folder.
    /// - Throws: ``AgentError`` when the name leads out of the folder, through a link, or to anything but a plain file.
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
