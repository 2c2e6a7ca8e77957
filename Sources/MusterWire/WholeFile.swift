package import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Small files that others read when they are whole: `task.json`, `result.json`, an attempt's report.
package enum WholeFile {
    /// Writes `data` to `path`, over what is there.
    ///
    /// The file is shortened after it was written and not before: file systems take a file that begins at nothing
    /// again for a replacement that has to reach the disk at once.
    package static func write(_ data: Data, to path: String) throws(WholeFileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw WholeFileError(path: path, number: errno) }
        defer { close(descriptor) }
        var offset = 0
        while offset < data.count {
            let count = data.withUnsafeBytes {
                systemWrite(descriptor, $0.baseAddress?.advanced(by: offset), data.count - offset)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw WholeFileError(path: path, number: errno) }
            offset += count
        }
        guard ftruncate(descriptor, off_t(data.count)) == 0 else { throw WholeFileError(path: path, number: errno) }
    }
}

/// A file could not be written, in one sentence for a person.
package struct WholeFileError: Error, Sendable, Equatable, CustomStringConvertible {
    package let path: String
    /// The system's number of what went wrong.
    package let number: CInt

    package var description: String { "cannot write \(self.path): \(String(cString: strerror(self.number)))" }
}

/// Within ``WholeFile`` the name `write` is its own.
private func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
