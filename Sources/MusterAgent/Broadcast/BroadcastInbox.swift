import Dispatch
import FoundationEssentials
import Synchronization

/// The files that are being received, by broadcast.
///
/// They are written one piece after the other on a queue of their own, since a disk may take its time: what comes faster than
/// it can be written waits in the sender.
final class BroadcastInbox: Sendable {
    private let files = Mutex<[Int: IncomingBroadcast]>([:])
    private let queue = DispatchQueue(label: "muster.broadcasts")

    func open(_ file: IncomingBroadcast) { self.files.withLock { $0[file.broadcast] = file } }

    /// Pieces of files that nobody waits for are dropped.
    /// - Parameter onWritten: Called when the piece is no longer held.
    func write(_ bytes: Data, of broadcast: Int, onWritten: @escaping @Sendable () -> Void) {
        self.queue.async {
            let file = self.files.withLock { $0[broadcast] }
            if file?.write(bytes) ?? false { self.files.withLock { $0[broadcast] = nil } }
            onWritten()
        }
    }

    /// No attempt is there any more that could want them.
    func removeAll() { self.files.withLock { $0 = [:] } }
}
