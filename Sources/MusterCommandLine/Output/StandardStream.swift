import Glibc
import MusterSystem
import Synchronization

/// Standard output and standard error, byte for byte.
///
/// A closed pipe is ignored, because a run must not end when a pager does. Any other error, such as a full disk, is
/// remembered, and ``MusterCommand`` ends with it.
package struct StandardStream: Sendable {
    package static let output = StandardStream(descriptor: STDOUT_FILENO)
    package static let error = StandardStream(descriptor: STDERR_FILENO)

    let descriptor: Int32
    private let loss = WriteLoss()

    init(descriptor: Int32) { self.descriptor = descriptor }

    package var isTerminal: Bool { isatty(self.descriptor) == 1 }

    /// The error that made the output incomplete; nil for none.
    var failure: String? { self.loss.reason }

    /// Columns and rows of the terminal; nil when there is none.
    var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(self.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Writes all of `bytes`. Returns false when there is no reader any more.
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
                    // Another program has made the terminal non-blocking: wait until it takes more.
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

    /// True for an error that means that there is no reader: a closed pipe, a closed terminal, or none from the start.
    private func isUnread(_ number: Int32) -> Bool {
        guard number == EIO else { return number == EPIPE || number == EBADF || number == ECONNRESET }
        return FileStatus(descriptor: self.descriptor)?.type == S_IFCHR
    }
}

/// The first error that kept bytes from being written. Its lock guards the error number; writers are on several threads.
private final class WriteLoss: Sendable {
    private let number = Mutex<Int32?>(nil)

    func note(_ number: Int32) { self.number.withLock { $0 = $0 ?? number } }

    var reason: String? { self.number.withLock { $0 }.map(SystemError.text) }
}
