import Glibc
import Synchronization

/// Copies what a node's processes print to this program's own standard output, where the tools of a place show it
/// (`kubectl logs`, CloudWatch).
///
/// It never waits: what the other end does not take at once is left out here, and said so. The store has all of it.
final class LogEcho: Sendable {
    private let descriptor: CInt
    /// Bytes that were left out since the last line that said so.
    private let skipped = Mutex(0)

    /// - Parameter descriptor: It does not block from now on.
    init(_ descriptor: CInt = STDOUT_FILENO) {
        self.descriptor = descriptor
        let flags = fcntl(descriptor, F_GETFL)
        if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) {
        self.skipped.withLock { skipped in
            if skipped > 0 {
                let words = Array("\nmuster: \(skipped) bytes are missing here; `muster logs` has them\n".utf8)
                guard words.withUnsafeBytes({ self.put($0) }) == words.count else {
                    skipped += bytes.count
                    return
                }
                skipped = 0
            }
            skipped += bytes.count - self.put(bytes)
        }
    }

    /// - Returns: How many bytes the other end has taken.
    private func put(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var count = 0
        while count < bytes.count {
            let written = Glibc.write(self.descriptor, base + count, bytes.count - count)
            if written < 0, errno == EINTR { continue }
            // The other end is full, or gone, which is no concern of the step's.
            guard written > 0 else { break }
            count += written
        }
        return count
    }
}
