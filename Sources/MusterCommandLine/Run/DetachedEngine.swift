import Dispatch
import Foundation
import Glibc
import MusterHistory
import MusterModel
import MusterStore
import MusterSystem
import Synchronization

/// The engine's side of ``Detachment``: it lets go of the terminal once its run is recorded.
final class DetachedEngine: Sendable {
    /// Seconds between two looks at the pipe.
    private static let interval = 0.1

    private let queue = DispatchQueue(label: "muster.detached")
    /// The pipe to the command that waits; nil once that was told.
    private let pipe: Mutex<Int32?>
    /// The console's file, locked for as long as this engine lives.
    private let lock = Mutex<OpenFile?>(nil)

    /// Takes over the pipe, which came as standard input. A terminal that closes does not end this process from here on.
    init() {
        signal(SIGHUP, SIG_IGN)
        let pipe = dup(STDIN_FILENO)
        _ = Self.closeOnExecute(pipe)
        if let null = try? OpenFile("/dev/null", O_RDONLY) { dup2(null.descriptor, STDIN_FILENO) }
        self.pipe = Mutex(pipe)
        self.watchLater()
    }

    /// Ends this process as a signal would when the command that waits has gone before the run is recorded: Ctrl-C has ended
    /// it. The kernel's parent-death signal cannot be taken back: it belongs to the first thread, which Swift's runtime ends.
    private func watchLater() {
        self.queue.asyncAfter(deadline: .now() + Self.interval) { [weak self] in self?.watch() }
    }

    private func watch() {
        let isAlone = self.pipe.withLock { pipe -> Bool? in
            guard let pipe else { return nil }
            // A pipe without a reader reports an error.
            var poll = pollfd(fd: pipe, events: 0, revents: 0)
            return Glibc.poll(&poll, 1, 0) > 0 && poll.revents & Int16(POLLERR) != 0
        }
        switch isAlone {
        case true?: kill(getpid(), SIGTERM)
        case false?: self.watchLater()
        case nil: break
        }
    }

    /// Sends standard output and standard error into the run's console file, and tells the command that waits.
    func letGo(of record: RunRecord, _ layout: StoreLayout) throws {
        let path = layout.console(flow: record.flow, run: record.run)
        let file: OpenFile
        let lock: OpenFile
        do throws(SystemError) {
            file = try OpenFile(path, O_WRONLY | O_CREAT | O_APPEND)
            // Opened a second time: a lock on the first would pass to every process that inherits these streams.
            lock = try OpenFile(path, O_RDONLY)
        } catch {
            throw CommandFailure(.store, "the run's output has no place: \(error)")
        }
        lock.lock(.shared)
        self.lock.withLock { $0 = lock }
        let told = try JSONEncoder().encode(
            DetachedRun(flow: record.flow, run: record.run, store: layout.root, console: path))
        guard dup2(file.descriptor, STDOUT_FILENO) >= 0, dup2(file.descriptor, STDERR_FILENO) >= 0 else {
            throw CommandFailure(.runFailed, "the run's output cannot be sent to \(path): \(SystemError.lastText)")
        }
        guard let pipe = self.pipe.withLock({ $0.take() }) else { return }
        // It may be gone: the run is recorded, and goes on.
        _ = told.withUnsafeBytes { write(pipe, $0.baseAddress, $0.count) }
        close(pipe)
    }

    private static func closeOnExecute(_ descriptor: Int32) -> Bool {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
    }

    /// True while a detached engine writes to the console file at `path`.
    static func writes(to path: String) -> Bool {
        guard let file = try? OpenFile(path, O_RDONLY) else { return false }
        return !file.tryLock(.exclusive) && errno == EWOULDBLOCK
    }
}
