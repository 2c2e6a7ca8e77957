import Glibc

/// A copy of a code package for one node alone, which may be written to.
///
/// The files are copies and no links: what is written into one must not reach the store. Where the file system can, they
/// share their blocks until then.
enum PackageCopy {
    static func make(of package: String, at folder: String) throws(AgentError) {
        var status = stat()
        guard lstat(package, &status) == 0, let names = NodeFolder.names(in: package) else {
            throw .system("read the code package \(package)")
        }
        try NodeFolder.make(folder)
        for name in names { try self.copy("\(package)/\(name)", to: "\(folder)/\(name)") }
        guard chmod(folder, status.st_mode & 0o777 | 0o700) == 0 else { throw .system("make the folder \(folder)") }
    }

    private static func copy(_ source: String, to target: String) throws(AgentError) {
        var status = stat()
        guard lstat(source, &status) == 0 else { throw .system("read \(source)") }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            try self.make(of: source, at: target)
        case S_IFLNK:
            guard let place = NodeFolder.target(of: source), symlink(place, target) == 0 else {
                throw .system("copy the link \(source) to \(target)")
            }
        default:
            try self.copyFile(source, to: target, size: Int(status.st_size), mode: status.st_mode & 0o777 | 0o200)
        }
    }

    private static func copyFile(
        _ source: String, to target: String, size: Int, mode: mode_t
    ) throws(AgentError) {
        let from = open(source, O_RDONLY | O_CLOEXEC)
        guard from >= 0 else { throw .system("read \(source)") }
        defer { close(from) }
        let to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard to >= 0 else { throw .system("make the file \(target)") }
        defer { close(to) }
        if size > 0, let problem = FileCopy.copy(from: from, to: to, size: size) {
            throw AgentError("cannot copy \(source) to \(target): \(problem)")
        }
    }
}
