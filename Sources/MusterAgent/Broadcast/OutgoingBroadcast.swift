import Dispatch
import Glibc
import MusterWire
import NIOCore

/// A file that is being sent to one node, 8 pieces of 256 KiB at a time: no more is read before a piece has gone out.
final class OutgoingBroadcast: Sendable {
    private static let piece = 256 << 10
    private static let window = 8

    private let offer: BroadcastOffer
    private let connection: GangConnection
    private let queue: DispatchQueue
    private let descriptor: CInt
    private let onFailure: @Sendable (AgentError) -> Void

    /// - Parameter onFailure: Called when the file cannot be read. The end of the connection is reported elsewhere.
    init(
        _ offer: BroadcastOffer, over connection: GangConnection, on queue: DispatchQueue,
        onFailure: @escaping @Sendable (AgentError) -> Void
    ) throws(AgentError) {
        self.descriptor = open(offer.source.path, O_RDONLY | O_CLOEXEC)
        guard self.descriptor >= 0 else { throw .system("read \(offer.source.path)") }
        self.offer = offer
        self.connection = connection
        self.queue = queue
        self.onFailure = onFailure
    }

    deinit { close(self.descriptor) }

    func start() { self.queue.async { for index in 0..<Self.window { self.send(index) } } }

    /// Sends the piece with this index and, once it has gone out, the one ``window`` pieces later.
    private func send(_ index: Int) {
        let offset = index * Self.piece
        guard offset < self.offer.size else { return }
        let count = min(Self.piece, self.offer.size - offset)
        var buffer = ByteBuffer()
        var isWhole = true
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            isWhole = Self.fill(bytes.baseAddress, count, from: self.descriptor, at: offset)
            return count
        }
        guard isWhole else {
            return self.onFailure(AgentError("\(self.offer.source.path) has changed while it was sent"))
        }
        self.connection.send(buffer, of: self.offer.broadcast).whenSuccess { [self] in
            self.queue.async { self.send(index + Self.window) }
        }
    }

    private static func fill(_ start: UnsafeMutableRawPointer?, _ count: Int, from descriptor: CInt, at offset: Int)
        -> Bool
    {
        var done = 0
        while done < count {
            let step = pread(descriptor, start?.advanced(by: done), count - done, off_t(offset + done))
            if step < 0 && errno == EINTR { continue }
            guard step > 0 else { return false }
            done += step
        }
        return true
    }
}
