import Glibc
import MusterSystem
import Synchronization

/// Standard output and standard error, byte for byte.
///
/// Whoever reads them may have gone: `muster` then goes on silently, as a run must not end because a pager did. Anything
/// else that keeps bytes from being written, such as a full disk, is remembered: ``MusterCommand`` ends with it.
package struct StandardStream: Sendable {
    package static let output = StandardStream(descriptor: STDOUT_FILENO)
    package static let error = StandardStream(descriptor: STDERR_FILENO)

    let descriptor: Int32
    private let loss = WriteLoss()

    init(descriptor: Int32) { self.descriptor = descriptor }

    package var isTerminal: Bool { isatty(self.descriptor) == 1 }

    /// Why not all of what was written has arrived, though somebody wants it; nil when it has.
    var failure: String? { self.loss.reason }

    /// Columns and rows of the terminal; nil when there is none.
    var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(self.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Writes all of `bytes`. Returns false when nobody gets them any more.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>) -> Bool {
        let bytes = Array(bytes)
        return bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let count = Glibc.write(self.descriptor, piece.baseAddress, piece.count)
                if count < 0 {
                    let number = errno
                    if number == EINTR { continue }
                    guard number == EAGAIN else {
                        if !self.isUnread(number) { self.loss.note(number) }
                        return false
                    }
                    // Somebody else made the terminal non-blocking: wait until it takes more.
                    var wait = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&wait, 1, -1)
                    continue
                }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    @discardableResult
    package func line(_ text: String) -> Bool { self.write(Array("\(text)\n".utf8)) }

    /// Whether the error says that there is no reader: of a pipe, of a terminal that was closed, or none from the start.
    private func isUnread(_ number: Int32) -> Bool {
        guard number == EIO else { return number == EPIPE || number == EBADF || number == ECONNRESET }
        var status = stat()
        return fstat(self.descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR
    }
}

/// The first error that kept bytes from being written. Its lock guards the error number; writers are on several threads.
private final class WriteLoss: Sendable {
    private let number = Mutex<Int32?>(nil)

    func note(_ number: Int32) { self.number.withLock { $0 = $0 ?? number } }

    var reason: String? { self.number.withLock { $0 }.map(SystemError.text) }
}
