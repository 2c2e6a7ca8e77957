import CMusterPlatform
import Glibc
import MusterSystem

/// Copies within one machine.
enum FileCopy {
    /// Bytes that are copied at once. Of a file system that takes memory in pieces as large as what is written, large ones
    /// have to come from the host on a virtual machine that gives free memory back: they take twice as long.
    private static let piece = 256 << 10

    /// Copies `size` bytes between two open files. Returns what went wrong, if anything did.
    static func copy(from source: CInt, to target: CInt, size: Int) -> String? {
        // Where files can share their blocks this is all; elsewhere the kernel says so at once.
        if muster_clone_file(source, target) == 0 { return nil }
        posix_fallocate(target, 0, off_t(size))
        // Within the kernel, where nothing goes through this program's memory; some pairs of file systems refuse that.
        var copied = 0
        while copied < size {
            let count = muster_copy_range(source, target, min(size - copied, Self.piece))
            if count == 0 { return "the file has become shorter" }
            if count < 0 { break }
            copied += count
        }
        return copied == size ? nil : self.copyByHand(from: source, to: target, size: size - copied)
    }

    /// Goes on at the files' positions.
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
