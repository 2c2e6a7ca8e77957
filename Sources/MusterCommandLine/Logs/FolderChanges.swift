import Dispatch
import Foundation
import Glibc
import MusterProcess
import MusterStore
import MusterSystem
import Synchronization

/// Reports changes in a run's folder, and the end of the run's engine.
///
/// It uses inotify and the run's lock. Where nodes of other machines write, nothing tells of it: there it asks for a look
/// every half a second.
final class FolderChanges: Sendable {
    enum Change: Sendable {
        case changed
        /// The engine has ended: the logs do not grow any more.
        case ended
    }

    /// Seconds between two looks.
    private static let interval = 0.5

    let changes: AsyncStream<Change>
    private let descriptor: Int32
    private let token: ReactorToken
    private let feed: Feed

    /// Begins to watch for changes.
    /// - Parameter looksItself: The logs may grow without a notice.
    init(root: String, lock: String, reactor: ProcessReactor, looksItself: Bool = false) throws {
        let descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else {
            throw CommandFailure(
                .runFailed,
                "the log cannot be followed: \(SystemError.lastText); raise fs.inotify.max_user_instances")
        }
        self.descriptor = descriptor
        // The newest is enough: each makes its reader read all that is there, however long the last read took.
        let (stream, continuation) = AsyncStream<Change>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.changes = stream
        let feed = Feed(continuation)
        guard Self.watch(root, descriptor) || errno == ENOENT else {
            let reason = SystemError.lastText
            close(descriptor)
            throw CommandFailure(.runFailed, "the log cannot be followed: \(reason); raise fs.inotify.max_user_watches")
        }
        self.token = reactor.watch(descriptor) { bytes in
            Self.watchNew(in: bytes, root: root, descriptor)
            feed.tell(.changed)
        } onEnd: {
            feed.tell(.ended)
        }
        // A thread of its own: waiting for a lock blocks.
        DispatchQueue(label: "muster.lock-wait").async {
            RunLock.waitForRelease(path: lock)
            feed.tell(.ended)
        }
        self.feed = feed
        if looksItself { feed.lookAgain() }
    }

    /// Passes changes on, and none but the end once that has come: only the newest is kept for the reader.
    private final class Feed: Sendable {
        private let hasEnded = Mutex(false)
        private let continuation: AsyncStream<Change>.Continuation
        private let queue = DispatchQueue(label: "muster.look-again")

        init(_ continuation: AsyncStream<Change>.Continuation) { self.continuation = continuation }

        func tell(_ change: Change) {
            self.hasEnded.withLock { hasEnded in
                if change == .ended { hasEnded = true }
                self.continuation.yield(hasEnded ? .ended : change)
            }
        }

        /// Asks for a look at an interval, until the end.
        func lookAgain() {
            self.queue.asyncAfter(deadline: .now() + FolderChanges.interval) { [weak self] in
                guard let self, !self.hasEnded.withLock({ $0 }) else { return }
                self.tell(.changed)
                self.lookAgain()
            }
        }
    }

    deinit {
        self.token.cancel()
        close(self.descriptor)
    }

    private static let mask = UInt32(IN_CREATE | IN_MOVED_TO | IN_MODIFY)

    /// Watches `folder` and what is below it. Watching a folder again changes nothing.
    @discardableResult
    private static func watch(_ folder: String, _ descriptor: Int32) -> Bool {
        guard inotify_add_watch(descriptor, folder, self.mask | UInt32(IN_ONLYDIR)) >= 0 else { return false }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            self.watch("\(folder)/\(name)", descriptor)
        }
        return true
    }

    /// Folders may have been made: the events name them only within their folder, so all are looked at again.
    private static func watchNew(in bytes: UnsafeRawBufferPointer, root: String, _ descriptor: Int32) {
        var offset = 0
        while offset + MemoryLayout<inotify_event>.size <= bytes.count {
            let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            if event.mask & UInt32(IN_ISDIR) != 0 {
                self.watch(root, descriptor)
                return
            }
            offset += MemoryLayout<inotify_event>.size + Int(event.len)
        }
    }
}
