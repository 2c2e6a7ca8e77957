import FoundationEssentials
import Glibc

/// Small files that others read when they are whole.
enum WholeFile {
    /// Writes `data` to `path`, over what is there.
    ///
    /// The file is shortened after it was written and not before: file systems take a file that begins at nothing
    /// again for a replacement that has to reach the disk at once.
    static func write(_ data: Data, to path: String) throws(AgentError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw AgentError.system("write \(path)") }
        defer { close(descriptor) }
        var offset = 0
        while offset < data.count {
            let count = data.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), data.count - offset) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw AgentError.system("write \(path)") }
            offset += count
        }
        guard ftruncate(descriptor, off_t(data.count)) == 0 else { throw AgentError.system("write \(path)") }
    }
}
