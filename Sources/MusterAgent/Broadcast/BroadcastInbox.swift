import Dispatch
import FoundationEssentials
import Synchronization

/// The files that are being received, by broadcast.
///
/// Pieces are written in order on a queue of their own, because a disk may stall. The sender waits when they come faster.
final class BroadcastInbox: Sendable {
    private let files = Mutex<[Int: IncomingBroadcast]>([:])
    private let queue = DispatchQueue(label: "muster.broadcasts")

    func open(_ file: IncomingBroadcast) { self.files.withLock { $0[file.broadcast] = file } }

    /// Pieces of unknown broadcasts are dropped.
    /// - Parameter onWritten: Called when the piece is no longer held.
    func write(_ bytes: Data, of broadcast: Int, onWritten: @escaping @Sendable () -> Void) {
        self.queue.async {
            let file = self.files.withLock { $0[broadcast] }
            if file?.write(bytes) ?? false { self.files.withLock { $0[broadcast] = nil } }
            onWritten()
        }
    }

    /// Drops all files: the attempt is over.
    func removeAll() { self.files.withLock { $0 = [:] } }
}
