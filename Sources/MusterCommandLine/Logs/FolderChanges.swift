import Dispatch
import Foundation
import Glibc
import MusterProcess
import MusterStore
import MusterSystem

/// Reports changes in a run's folder, and the end of the run's engine.
///
/// It uses inotify and the run's lock; nothing is polled.
final class FolderChanges: Sendable {
    enum Change: Sendable {
        case changed
        /// The engine has ended: the logs do not grow any more.
        case ended
    }

    let changes: AsyncStream<Change>
    private let descriptor: Int32
    private let token: ReactorToken

    /// Begins to watch for changes.
    init(root: String, lock: String, reactor: ProcessReactor) throws {
        let descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else {
            throw CommandFailure(
                .runFailed,
                "the log cannot be followed: \(SystemError.lastText); raise fs.inotify.max_user_instances")
        }
        self.descriptor = descriptor
        let (stream, continuation) = AsyncStream<Change>.makeStream()
        self.changes = stream
        guard Self.watch(root, descriptor) || errno == ENOENT else {
            let reason = SystemError.lastText
            close(descriptor)
            throw CommandFailure(.runFailed, "the log cannot be followed: \(reason); raise fs.inotify.max_user_watches")
        }
        self.token = reactor.watch(descriptor) { bytes in
            Self.watchNew(in: bytes, root: root, descriptor)
            continuation.yield(.changed)
        } onEnd: {
            continuation.yield(.ended)
        }
        // A thread of its own: waiting for a lock blocks.
        DispatchQueue(label: "muster.lock-wait").async {
            RunLock.waitForRelease(path: lock)
            continuation.yield(.ended)
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
