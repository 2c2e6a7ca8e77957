import FoundationEssentials
import Glibc
import MusterSystem
import MusterWire

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Watches the program that started this one: its requests, the end of them, and its own end.
///
/// A child that the program has forked holds the other ends of the pipes, and keeps them open when the program is
/// killed. Its death is noticed by the change of this process's parent.
enum ClientWatch {
    /// Milliseconds between two looks at the parent.
    private static let look: CInt = 500
    /// Seconds for what is under way to be cancelled: files removed, uploads in parts aborted.
    private static let grace: UInt32 = 5

    /// Begins a thread that lives as long as the process.
    /// - Parameters:
    ///   - onEnd: Called once, when there will be no other request.
    ///   - onLoss: Called once, when nobody reads answers any more.
    static func begin(
        onLine: @escaping @Sendable (Data) -> Void, onEnd: @escaping @Sendable () -> Void,
        onLoss: @escaping @Sendable () -> Void
    ) {
        let parent = getppid()
        Self.thread {
            var lines = LineBuffer()
            var isOpen = true
            while true {
                var polled = [
                    pollfd(fd: isOpen ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: STDOUT_FILENO, events: 0, revents: 0),
                ]
                _ = poll(&polled, 2, self.look)
                if getppid() != parent || polled[1].revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { break }
                guard polled[0].revents != 0 else { continue }
                isOpen = self.read(into: &lines, onLine)
                if !isOpen { onEnd() }
            }
            onLoss()
            sleep(self.grace)
            _exit(0)
        }
    }

    /// Returns false at the end of standard input, and for a line that is too long to be read on.
    private static func read(into lines: inout LineBuffer, _ onLine: (Data) -> Void) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 256 << 10)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count) }
        if count < 0 { return errno == EINTR || errno == EAGAIN }
        guard count > 0, let complete = try? lines.append(bytes[..<count]) else { return false }
        for line in complete where !line.isEmpty { onLine(line) }
        return true
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(ThreadBody(run: body))
        let failed = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard failed != 0 else { return }
        // Without it the program's end would not be noticed.
        let text = "no further thread: \(SystemError.text(failed))\n"
        _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        _exit(1)
    }
}
