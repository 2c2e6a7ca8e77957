import FoundationEssentials
import Synchronization

/// The files that are being received, by broadcast.
///
/// Written to on the connection's event loop: what comes faster than it can be written waits in the sender.
final class BroadcastInbox: Sendable {
    private let files = Mutex<[Int: IncomingBroadcast]>([:])

    func open(_ file: IncomingBroadcast) { self.files.withLock { $0[file.broadcast] = file } }

    /// Pieces of files that nobody waits for are dropped.
    func write(_ bytes: Data, of broadcast: Int) {
        let isOver = self.files.withLock { $0[broadcast]?.write(bytes) ?? false }
        if isOver { self.files.withLock { $0[broadcast] = nil } }
    }

    /// No attempt is there any more that could want them.
    func removeAll() { self.files.withLock { $0 = [:] } }
}
