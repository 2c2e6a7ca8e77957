import FoundationEssentials
import MusterModel
import MusterWire
import NIOCore
import NIOSSL
import NIOTLS

/// Decodes the messages of one connection and sends heartbeats. Used on its channel's event loop only, where nothing waits
/// for a file or for a decision: neither a store that stalls nor a step that floods its log stops the heartbeats. The loop
/// is its clock, too.
final class GangFrameHandler<Message: GangMessage>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private enum Phase { case unauthenticated, greeted, admitted }

    /// Bytes of files that may wait for the disk. Beyond them the connection is not read.
    private static var mostWaiting: Int { 8 << 20 }

    private var decoder: GangFrameDecoder<Message>
    private var deadline: Scheduled<Void>?
    private var phase: Phase
    private var reason = "its agent's connection ended"
    private var hasTold = false
    private var heartbeats: HeartbeatMonitor?
    private var beat: RepeatedTask?
    private var waiting = 0
    private var isPaused = false
    private let connection: GangConnection
    private let patience: TimeAmount?
    private let times: NodeSettings
    private let onEvent: @Sendable (GangConnection, GangConnectionEvent<Message>) -> Void
    /// Set on the side that accepts connections.
    private let unauthenticated: UnauthenticatedConnections?
    /// Takes the pieces of files; nil on the side that only sends them.
    private let files: BroadcastInbox?

    /// - Parameter patience: The time for a peer's handshake and hello; nil on the side that connects.
    init(
        channel: any Channel, patience: TimeAmount?, times: NodeSettings,
        unauthenticated: UnauthenticatedConnections? = nil,
        files: BroadcastInbox? = nil,
        onEvent: @escaping @Sendable (GangConnection, GangConnectionEvent<Message>) -> Void
    ) {
        self.connection = GangConnection(channel)
        self.files = files
        self.unauthenticated = unauthenticated
        self.patience = patience
        self.times = times
        self.onEvent = onEvent
        self.phase = patience == nil ? .admitted : .unauthenticated
        self.decoder = GangFrameDecoder<Message>(
            limit: patience == nil ? GangFraming.maximumLength : GangFraming.maximumHello)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard let patience = self.patience else { return }
        let channel = context.channel
        self.deadline = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.heartbeats?.hear(now: context.eventLoop.now)
        self.decoder.append(self.unwrapInboundIn(data).readableBytesView)
        do {
            while let frame = try self.decoder.next() {
                switch frame {
                case .data(let broadcast, let bytes): try self.take(bytes, of: broadcast, context)
                // Every read counts as a heartbeat, pieces of a long message too.
                case .piece: break
                case .message(let message): self.take(message, context)
                }
            }
        } catch {
            self.reason = "\(error)"
            context.close(promise: nil)
        }
    }

    private func take(_ message: Message, _ context: ChannelHandlerContext) {
        if message == .heartbeat, self.phase == .admitted { return }
        if message.isOpening, self.patience == nil { self.beginToBeat(context) }
        self.onEvent(self.connection, .message(message))
        guard self.phase == .unauthenticated else { return }
        // Until its hello was answered, a peer sends nothing else.
        guard message.isOpening else { return context.close(promise: nil) }
        // The deadline is for the peer, not for this side's answer.
        self.phase = .greeted
        self.deadline?.cancel()
        self.deadline = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted:
            // The peer holds the key: from here on it is never closed in favour of another one.
            self.unauthenticated?.remove(context.channel)
            if self.patience == nil { self.onEvent(self.connection, .opened) }
        case is GangConnection.Admitted:
            self.decoder.limit = GangFraming.maximumLength
            self.phase = .admitted
            self.beginToBeat(context)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.deadline?.cancel()
        self.beat?.cancel()
        self.tellEnd()
    }

    private func tellEnd() {
        guard !self.hasTold else { return }
        self.hasTold = true
        self.onEvent(self.connection, .closed(reason: self.reason))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A killed peer closes TCP without a TLS close_notify: the ordinary loss.
        if case NIOSSLError.uncleanShutdown = error {} else { self.reason = "its connection failed: \(error)" }
        context.close(promise: nil)
    }

    // MARK: Heartbeats

    private func beginToBeat(_ context: ChannelHandlerContext) {
        guard self.beat == nil else { return }
        self.heartbeats = HeartbeatMonitor(now: context.eventLoop.now, limit: self.times.heartbeatTimeout)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let interval = TimeAmount(seconds: self.times.heartbeatInterval)
        self.beat = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            bound.value.0.tick(bound.value.1)
        }
    }

    private func tick(_ context: ChannelHandlerContext) {
        guard !self.hasTold else { return }
        self.connection.send(Message.Reply.heartbeat)
        // A paused connection is not read, so silence on it means nothing.
        if self.isPaused { self.heartbeats?.hear(now: context.eventLoop.now) }
        guard self.heartbeats?.tick(now: context.eventLoop.now) == true else { return }
        self.reason = "its agent has not been heard of for \(self.times.heartbeatTimeout.formattedSeconds) s"
        // Before the close: the TLS close of a connection without a peer takes a second.
        self.tellEnd()
        context.close(promise: nil)
    }

    // MARK: Files

    private func take(_ bytes: Data, of broadcast: Int, _ context: ChannelHandlerContext) throws {
        guard let files = self.files else { throw GangFramingError.unknown("a piece of a file") }
        let count = bytes.count
        let (channel, bound) = (context.channel, NIOLoopBound(self, eventLoop: context.eventLoop))
        self.waiting += count
        files.write(bytes, of: broadcast) { channel.eventLoop.execute { bound.value.written(count, channel) } }
        guard self.waiting > Self.mostWaiting, !self.isPaused else { return }
        self.isPaused = true
        channel.setOption(.autoRead, value: false).whenFailure { _ in channel.close(promise: nil) }
    }

    private func written(_ count: Int, _ channel: any Channel) {
        self.waiting -= count
        guard self.isPaused, self.waiting <= Self.mostWaiting / 2 else { return }
        self.isPaused = false
        self.heartbeats?.hear(now: channel.eventLoop.now)
        channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
    }
}
