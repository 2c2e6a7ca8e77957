#if canImport(Glibc)
    package import Glibc
#elseif canImport(Musl)
    package import Musl
#else
    package import Darwin
#endif

/// An open file or folder. It is closed, and its lock released, when the last reference goes.
package final class OpenFile: Sendable {
    package let path: String
    package let descriptor: CInt

    /// Opens the file at `path`; `O_CLOEXEC` is added.
    /// - Parameter mode: The permission bits of a file that is made, before the umask.
    package init(_ path: String, _ flags: CInt, mode: mode_t = 0o644) throws(SystemError) {
        let verb = flags & (O_WRONLY | O_RDWR) == 0 ? "open" : "write"
        self.path = path
        self.descriptor = try SystemCall.check("\(verb) \(path)") { open(path, flags | O_CLOEXEC, mode) }
    }

    /// Makes the file, or empties it, for writing.
    package convenience init(creating path: String) throws(SystemError) {
        try self.init(path, O_WRONLY | O_CREAT | O_TRUNC)
    }

    deinit { close(self.descriptor) }

    package func status() throws(SystemError) -> FileStatus {
        var status = stat()
        try SystemCall.check("look at \(self.path)") { fstat(self.descriptor, &status) }
        return FileStatus(status)
    }

    package func setMode(_ mode: mode_t) throws(SystemError) {
        try SystemCall.check("change the mode of \(self.path)") { fchmod(self.descriptor, mode) }
    }

    /// Sets the file's length in bytes.
    package func truncate(to length: Int) throws(SystemError) {
        try SystemCall.check("write \(self.path)") { ftruncate(self.descriptor, off_t(length)) }
    }
}

// MARK: Reading

extension OpenFile {
    /// Reads up to the whole of `buffer`, from `offset` of the file on. Returns 0 at its end.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        // One call transfers at most 2^31 - 4096 bytes.
        try SystemCall.check("read \(self.path)") {
            pread(self.descriptor, buffer.baseAddress, min(buffer.count, 1 << 30), off_t(offset))
        }
    }

    /// Fills `buffer` from `start` of the file on.
    /// - Returns: The bytes that were read: fewer than `buffer` has when the file is shorter.
    package func fill(_ buffer: UnsafeMutableRawBufferPointer, from start: Int = 0) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = try self.read(into: rest, at: start + filled)
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// At most `limit` bytes from `start` on, up to the file's end. Files of `/proc`, whose size is 0, are read too.
    package func bytes(from start: Int = 0, limit: Int = .max) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let step = min(max(4096, bytes.count), limit - bytes.count)
            let offset = start + bytes.count
            var failure: SystemError?
            let piece = [UInt8](unsafeUninitializedCapacity: step) { buffer, count in
                do throws(SystemError) {
                    count = try self.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    /// Calls `body` with the bytes that the file has of `range`, piece by piece and in order.
    ///
    /// The file is read, not mapped: a process that looks at a mapped file gets SIGBUS when another cuts it short.
    package func forEachPiece(
        in range: Range<Int> = 0..<Int.max, _ body: (UnsafeRawBufferPointer) throws(SystemError) -> Void
    ) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let step = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(range.upperBound - offset))
            let count = try self.read(into: step, at: offset)
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += count
        }
    }

    /// Maps the first `size` bytes, private and writable. The mapping outlives this object; `munmap` ends it.
    package func map(_ size: Int) throws(SystemError) -> UnsafeMutableRawPointer {
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, self.descriptor, 0)
        guard let address, address != MAP_FAILED else { throw SystemError(errno, "map \(self.path)") }
        return address
    }
}

// MARK: Writing

extension OpenFile {
    /// Writes all of `bytes` at the file's position.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        try Self.write(bytes, to: self.descriptor, called: self.path)
    }

    /// Writes all of `bytes` from byte `offset` of the file on.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let piece = UnsafeRawBufferPointer(rebasing: bytes[done...].prefix(1 << 20))
            done += try SystemCall.check("write \(self.path)") {
                pwrite(self.descriptor, piece.baseAddress, piece.count, off_t(offset + done))
            }
        }
    }

    /// Writes all of `bytes` to an open descriptor, which may be a pipe or a socket.
    /// - Parameter name: The file's name in the error's description.
    package static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: CInt, called name: @autoclosure () -> String
    ) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // At most 1 MiB a call: for larger ones Linux allocates huge pages in the page cache. 64 MiB take 47 ms this
            // way, and 232 ms in one call (Benchmarks: artifact).
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 20))
            let count = try SystemCall.check("write \(name())") {
                systemWrite(descriptor, piece.baseAddress, piece.count)
            }
            rest = rest.dropFirst(count)
        }
    }
}

/// Within ``OpenFile`` the name `write` is its own.
private func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
