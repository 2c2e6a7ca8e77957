import Glibc
import MusterSystem

/// A writable copy of a code package for one node.
///
/// The files are copies, not links: a write must not reach the store. Where the file system can, they share their blocks
/// (reflinks).
enum PackageCopy {
    static func make(of package: String, at folder: String) throws(AgentError) {
        guard let status = FileStatus(ofLink: package), let names = Folder.names(in: package) else {
            throw .system("read the code package \(package)")
        }
        try NodeFolder.make(folder)
        for name in names { try self.copy("\(package)/\(name)", to: "\(folder)/\(name)") }
        guard chmod(folder, status.permissions | 0o700) == 0 else { throw .system("make the folder \(folder)") }
    }

    private static func copy(_ source: String, to target: String) throws(AgentError) {
        guard let status = FileStatus(ofLink: source) else { throw .system("read \(source)") }
        switch status.type {
        case S_IFDIR:
            try self.make(of: source, at: target)
        case S_IFLNK:
            guard let place = NodeFolder.target(of: source), symlink(place, target) == 0 else {
                throw .system("copy the link \(source) to \(target)")
            }
        default:
            try self.copyFile(source, to: target, size: status.size, mode: status.permissions | 0o200)
        }
    }

    private static func copyFile(
        _ source: String, to target: String, size: Int, mode: mode_t
    ) throws(AgentError) {
        let problem: String?
        do throws(SystemError) {
            let from = try OpenFile(source, O_RDONLY)
            let to = try OpenFile(target, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
            problem = size > 0 ? FileCopy.copy(from: from.descriptor, to: to.descriptor, size: size) : nil
        } catch {
            throw AgentError(error)
        }
        if let problem { throw AgentError("cannot copy \(source) to \(target): \(problem)") }
    }
}
