import MusterModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that is closed when its last user lets go of it. Its errors say what the system said.
final class OpenFile: Sendable {
    private let descriptor: CInt

    private init(_ descriptor: CInt) { self.descriptor = descriptor }

    convenience init(reading path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("\(path) could not be opened") }
        self.init(descriptor)
    }

    /// Creates the file, or empties it.
    convenience init(creating path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("\(path) could not be created") }
        self.init(descriptor)
    }

    deinit { close(self.descriptor) }

    /// Bytes.
    func size() throws -> Int {
        var status = stat()
        guard fstat(self.descriptor, &status) == 0 else { throw Self.failure("its size could not be read") }
        return Int(status.st_size)
    }

    /// Writes all of `bytes`.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try Self.write(bytes, to: self.descriptor)
    }

    /// Writes all of `bytes` to an open descriptor.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let slice = UnsafeRawBufferPointer(rebasing: rest)
            // A mebibyte at a time: in larger pieces Linux looks for larger pages, and takes up to ten times as long.
            let count = systemWrite(descriptor, slice.baseAddress, min(slice.count, 1 << 20))
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure("it could not be written")
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Fills `buffer` from the start of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = pread(self.descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(filled))
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure("it could not be read")
            }
            guard count > 0 else { throw StepFailure(.store, "it ends after \(filled) of \(buffer.count) bytes") }
            filled += count
        }
    }

    /// Maps the first `size` bytes; the mapping outlives this object.
    func map(_ size: Int) throws -> UnsafeMutableRawPointer {
        // Private and writable: `Data` may change its bytes in place, and the file must not see it.
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, self.descriptor, 0)
        guard let address, address != MAP_FAILED else { throw Self.failure("it could not be mapped") }
        return address
    }

    static func unmap(_ address: UnsafeMutableRawPointer, _ size: Int) {
        munmap(address, size)
    }

    /// What went wrong, with the system's own words.
    static func failure(_ what: String) -> StepFailure {
        StepFailure(.store, "\(what): \(String(cString: strerror(errno)))")
    }
}

private func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
