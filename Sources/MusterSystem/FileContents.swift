package import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Small files, read and written as a whole.
package enum FileContents {
    /// The bytes of the file at `path`, at most `limit` of them; nil, with `errno` set, when it cannot be read.
    package static func read(_ path: String, limit: Int = .max) -> [UInt8]? {
        try? OpenFile(path, O_RDONLY).bytes(limit: limit)
    }

    /// Writes `data` to `path`, over the bytes that are there. Readers must know from elsewhere that it is complete.
    ///
    /// The file is truncated after the write and not before: ext4 (`auto_da_alloc`) flushes a file that is truncated to
    /// zero and rewritten when it is closed (saves 2.9 ms a file, one or two of which each task writes; Benchmarks:
    /// foreach).
    package static func overwrite(_ path: String, with data: Data) throws(SystemError) {
        let file = try OpenFile(path, O_WRONLY | O_CREAT)
        try file.write(data)
        try file.truncate(to: data.count)
    }
}

extension OpenFile {
    /// Writes all of `data` at the file's position.
    package func write(_ data: Data) throws(SystemError) {
        // The closure of `withUnsafeBytes` cannot throw a typed error.
        let result = data.withUnsafeBytes { bytes in
            Result { () throws(SystemError) in try self.write(bytes) }
        }
        try result.get()
    }
}
