import FoundationEssentials
package import MusterWire
import NIOCore
import NIOPosix

/// One connection between a worker and the control node, seen from either side.
package struct GangConnection: Sendable, Hashable {
    package let id: ObjectIdentifier
    private let channel: any Channel

    init(_ channel: any Channel) {
        self.id = ObjectIdentifier(channel)
        self.channel = channel
    }

    /// Queues a message; messages arrive in order. What cannot be sent ends the connection.
    func send(_ message: some GangMessage) {
        guard let frame = Self.frame(message) else { return self.close() }
        self.channel.writeAndFlush(ByteBuffer(bytes: frame)).whenFailure { [self] _ in self.close() }
    }

    /// Queues one message on several connections. What cannot be sent ends each of them.
    static func send(_ message: some GangMessage, over connections: some Sequence<GangConnection>) {
        let frame = Self.frame(message).map { ByteBuffer(bytes: $0) }
        for connection in connections {
            guard let frame else {
                connection.close()
                continue
            }
            connection.channel.writeAndFlush(frame).whenFailure { _ in connection.close() }
        }
    }

    private static func frame(_ message: some GangMessage) -> Data? {
        do {
            return try GangFraming.encode(message)
        } catch {
            AgentErrors.print("a message of the gang cannot be sent: \(error)")
            return nil
        }
    }

    /// Queues a piece of a broadcast's file, of at most 1 MiB.
    func send(_ piece: ByteBuffer, of broadcast: Int) -> EventLoopFuture<Void> {
        let header = ByteBuffer(bytes: GangFraming.dataHeader(broadcast: broadcast, count: piece.readableBytes))
        // On the loop, so that no other message comes between the two.
        return self.channel.eventLoop.flatSubmit { [channel] in
            channel.write(header, promise: nil)
            return channel.writeAndFlush(piece)
        }
    }

    /// Sends a last message and closes once it has gone out.
    func close(after message: some GangMessage) {
        guard let frame = Self.frame(message) else { return self.close() }
        self.channel.writeAndFlush(ByteBuffer(bytes: frame)).whenComplete { [self] _ in self.close() }
    }

    /// Closes at once; queued messages are lost. The control node closes a worker only after it has read its last message.
    func close() { self.channel.close(promise: nil) }

    /// Lets the peer send long messages and files: its hello was accepted.
    func admit() {
        self.channel.pipeline.fireUserInboundEventTriggered(Admitted())
    }

    struct Admitted: Sendable {}

    package static func == (left: Self, right: Self) -> Bool { left.id == right.id }
    package func hash(into hasher: inout Hasher) { hasher.combine(self.id) }
}

/// An event of one connection.
package enum GangConnectionEvent<Message: GangMessage>: Sendable {
    /// To a client: the handshake is over, so the control node holds the key.
    case opened
    case message(Message)
    /// Comes once, after everything that was read.
    case closed(reason: String)
}
