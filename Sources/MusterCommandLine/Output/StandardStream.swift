import Glibc

/// Standard output and standard error, byte for byte.
///
/// Whoever reads them may have gone: `muster` then goes on silently, as a run must not end because a pager did.
package struct StandardStream: Sendable {
    package static let output = StandardStream(descriptor: STDOUT_FILENO)
    package static let error = StandardStream(descriptor: STDERR_FILENO)

    let descriptor: Int32

    package var isTerminal: Bool { isatty(self.descriptor) == 1 }

    /// Columns and rows of the terminal; nil when there is none.
    var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(self.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Writes all of `bytes`. Returns false when nobody reads them any more.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>) -> Bool {
        let bytes = Array(bytes)
        return bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let count = Glibc.write(self.descriptor, piece.baseAddress, piece.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    guard errno == EAGAIN else { return false }
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
}
