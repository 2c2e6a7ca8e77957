import Glibc

/// Paths without links.
enum RealPath {
    /// Where `path` leads in the end; nil when that does not exist.
    static func of(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// The text of the link at `path`; empty when it is none.
    static func link(_ path: String) -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { buffer -> Int in
            guard let start = buffer.baseAddress else { return 0 }
            return readlink(path, start.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
