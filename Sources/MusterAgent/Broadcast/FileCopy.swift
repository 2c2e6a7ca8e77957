import CMusterPlatform
import Glibc
import MusterSystem

/// Copies within one machine.
enum FileCopy {
    /// Bytes a call. Larger writes allocate larger folios, which a virtual machine with a memory balloon has to get from its
    /// host: they take twice as long.
    private static let piece = 256 << 10

    /// Copies `size` bytes between two open files. Returns the problem, if any.
    static func copy(from source: CInt, to target: CInt, size: Int) -> String? {
        // A reflink where the file system has them; elsewhere the kernel refuses at once.
        if muster_clone_file(source, target) == 0 { return nil }
        posix_fallocate(target, 0, off_t(size))
        // copy_file_range copies within the kernel; some pairs of file systems refuse it.
        var copied = 0
        while copied < size {
            let count = muster_copy_range(source, target, min(size - copied, Self.piece))
            if count == 0 { return "the file has become shorter" }
            if count < 0 { break }
            copied += count
        }
        return copied == size ? nil : self.copyByHand(from: source, to: target, size: size - copied)
    }

    /// Copies the rest with read and write, from the files' positions.
    private static func copyByHand(from source: CInt, to target: CInt, size: Int) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Self.piece, alignment: 4096) { buffer in
            var rest = size
            while rest > 0 {
                let count = read(source, buffer.baseAddress, min(buffer.count, rest))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return count == 0 ? "the file has become shorter" : Self.reason }
                let piece = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count])
                guard (try? OpenFile.write(piece, to: target, called: "the copy")) != nil else { return Self.reason }
                rest -= count
            }
            return nil
        }
    }

    private static var reason: String { SystemError.lastText }
}
