import Glibc

/// An open file; closed when the last reference to it goes.
final class OpenFile: Sendable {
    let path: String
    let descriptor: Int32

    init(_ path: String, _ flags: Int32, mode: mode_t = 0o644) throws(StoreError) {
        let verb = flags & (O_WRONLY | O_RDWR) == 0 ? "open" : "write"
        self.path = path
        self.descriptor = try SystemCall.check("\(verb) \(path)") { open(path, flags | O_CLOEXEC, mode) }
    }

    deinit { close(self.descriptor) }

    func status() throws(StoreError) -> stat {
        var status = stat()
        try SystemCall.check("look at \(self.path)") { fstat(self.descriptor, &status) }
        return status
    }

    /// Reads up to the whole of `buffer`, from `offset` of the file on. Returns 0 at its end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(StoreError) -> Int {
        try SystemCall.check("read \(self.path)") { pread(self.descriptor, buffer.baseAddress, buffer.count, offset) }
    }

    /// Writes all of `bytes`.
    func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = try SystemCall.check("write \(self.path)") {
                Glibc.write(self.descriptor, piece.baseAddress, piece.count)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Calls `body` with the file's bytes, piece by piece, from its beginning to its end.
    ///
    /// Reading, not mapping: a mapped file that somebody cuts short kills the process that looks at it.
    func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = 0
        while true {
            let count = try self.read(into: buffer, at: offset)
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += count
        }
    }
}
