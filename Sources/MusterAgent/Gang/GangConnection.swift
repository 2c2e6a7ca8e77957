import FoundationEssentials
import MusterWire
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// One connection between a worker and the control node, seen from either side.
struct GangConnection: Sendable, Hashable {
    let id: ObjectIdentifier
    private let channel: any Channel

    init(_ channel: any Channel) {
        self.id = ObjectIdentifier(channel)
        self.channel = channel
    }

    /// Queues a message; messages arrive in order. What cannot be sent ends the connection.
    func send(_ message: GangMessage) {
        guard let frame = Self.frame(message) else { return self.close() }
        self.channel.writeAndFlush(ByteBuffer(bytes: frame)).whenFailure { [self] _ in self.close() }
    }

    /// Queues one message on several connections. What cannot be sent ends each of them.
    static func send(_ message: GangMessage, over connections: some Sequence<GangConnection>) {
        let frame = Self.frame(message).map { ByteBuffer(bytes: $0) }
        for connection in connections {
            guard let frame else {
                connection.close()
                continue
            }
            connection.channel.writeAndFlush(frame).whenFailure { _ in connection.close() }
        }
    }

    private static func frame(_ message: GangMessage) -> Data? {
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
    func close(after message: GangMessage) {
        guard let frame = Self.frame(message) else { return self.close() }
        self.channel.writeAndFlush(ByteBuffer(bytes: frame)).whenComplete { [self] _ in self.close() }
    }

    /// Closes at once. What is queued is lost: a worker is closed after its last message has been read.
    func close() { self.channel.close(promise: nil) }

    /// From the hello on, messages may be long.
    func admit() {
        self.channel.pipeline.fireUserInboundEventTriggered(Admitted())
    }

    struct Admitted: Sendable {}

    static func == (left: Self, right: Self) -> Bool { left.id == right.id }
    func hash(into hasher: inout Hasher) { hasher.combine(self.id) }
}

/// What happens on a connection.
enum GangConnectionEvent: Sendable {
    /// To a client: the control node has shown that it holds the key.
    case opened
    case message(GangMessage)
    /// Comes once, after everything that was read.
    case closed(reason: String)
}

/// Turns the bytes of one connection into messages. Lives on its channel's event loop.
final class GangFrameHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var decoder: GangFrameDecoder
    private var deadline: Scheduled<Void>?
    private var reason = "its agent's connection ended"
    private let connection: GangConnection
    private let patience: TimeAmount?
    private let events: AgentEvents
    /// Where pieces of files go; nil on the side that only sends them.
    private let files: BroadcastInbox?

    /// - Parameter patience: How long a peer may take to be admitted; nil on the side that trusts already.
    init(channel: any Channel, patience: TimeAmount?, events: AgentEvents, files: BroadcastInbox? = nil) {
        self.connection = GangConnection(channel)
        self.files = files
        self.patience = patience
        self.events = events
        self.decoder = GangFrameDecoder(limit: patience == nil ? GangFraming.maximumLength : GangFraming.maximumHello)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard let patience = self.patience else { return }
        let channel = context.channel
        self.deadline = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.decoder.append(self.unwrapInboundIn(data).readableBytesView)
        do {
            while let frame = try self.decoder.next() {
                switch frame {
                case .data(let broadcast, let bytes):
                    guard let files = self.files else { throw GangFramingError.unknown("a piece of a file") }
                    files.write(bytes, of: broadcast)
                case .piece:
                    // Who sends a long message is there.
                    self.events.yield(.connection(self.connection, .message(.heartbeat)))
                case .message(let message):
                    self.events.yield(.connection(self.connection, .message(message)))
                    // Until its hello was judged a peer has nothing else to say.
                    if self.deadline != nil, !self.isHello(message) { context.close(promise: nil) }
                }
            }
        } catch {
            self.reason = "\(error)"
            context.close(promise: nil)
        }
    }

    private func isHello(_ message: GangMessage) -> Bool { if case .hello = message { true } else { false } }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted where self.patience == nil:
            self.events.yield(.connection(self.connection, .opened))
        case is GangConnection.Admitted:
            self.decoder.limit = GangFraming.maximumLength
            self.deadline?.cancel()
            self.deadline = nil
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.deadline?.cancel()
        self.events.yield(.connection(self.connection, .closed(reason: self.reason)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that is killed closes TCP without TLS's goodbye: that is the ordinary loss.
        if case NIOSSLError.uncleanShutdown = error {} else { self.reason = "its connection failed: \(error)" }
        context.close(promise: nil)
    }
}
