import FoundationEssentials
import MusterWire
import NIOCore
import NIOSSL
import NIOTLS

/// Turns the bytes of one connection into messages, and proves to the other side that this one lives. Lives on its channel's
/// event loop, where nothing waits for a file or for anybody's decision: neither a store that stalls nor a step that floods
/// its log makes a node fall silent.
final class GangFrameHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private enum Phase { case stranger, greeted, admitted }

    /// Bytes of files that may wait for the disk; beyond them nothing is read from the connection.
    private static let mostWaiting = 8 << 20

    private var decoder: GangFrameDecoder
    private var deadline: Scheduled<Void>?
    private var phase: Phase
    private var reason = "its agent's connection ended"
    private var hasTold = false
    private var pulse: Pulse?
    private var beat: RepeatedTask?
    private var waiting = 0
    private var isPaused = false
    private let connection: GangConnection
    private let patience: TimeAmount?
    private let events: AgentEvents
    /// On the side that takes connections.
    private let strangers: Strangers?
    /// Where pieces of files go; nil on the side that only sends them.
    private let files: BroadcastInbox?

    /// - Parameter patience: How long a peer may take to say hello; nil on the side that trusts already.
    init(
        channel: any Channel, patience: TimeAmount?, events: AgentEvents, strangers: Strangers? = nil,
        files: BroadcastInbox? = nil
    ) {
        self.connection = GangConnection(channel)
        self.files = files
        self.strangers = strangers
        self.patience = patience
        self.events = events
        self.phase = patience == nil ? .admitted : .stranger
        self.decoder = GangFrameDecoder(limit: patience == nil ? GangFraming.maximumLength : GangFraming.maximumHello)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard let patience = self.patience else { return }
        let channel = context.channel
        self.deadline = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.pulse?.hear(now: .now)
        self.decoder.append(self.unwrapInboundIn(data).readableBytesView)
        do {
            while let frame = try self.decoder.next() {
                switch frame {
                case .data(let broadcast, let bytes): try self.take(bytes, of: broadcast, context)
                // Who sends a long message is there, as whatever comes shows.
                case .piece: break
                case .message(let message): self.take(message, context)
                }
            }
        } catch {
            self.reason = "\(error)"
            context.close(promise: nil)
        }
    }

    private func take(_ message: GangMessage, _ context: ChannelHandlerContext) {
        if case .heartbeat = message, self.phase == .admitted { return }
        if case .welcome = message, self.patience == nil { self.beginToBeat(context) }
        self.events.yield(.connection(self.connection, .message(message)))
        guard self.phase == .stranger else { return }
        // Until its hello was judged a peer has nothing else to say.
        guard case .hello = message else { return context.close(promise: nil) }
        // How long that takes is not the peer's affair.
        self.phase = .greeted
        self.deadline?.cancel()
        self.deadline = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted:
            // It holds the key: from here on it has a claim to its place.
            self.strangers?.leave(context.channel)
            if self.patience == nil { self.events.yield(.connection(self.connection, .opened)) }
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
        self.events.yield(.connection(self.connection, .closed(reason: self.reason)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that is killed closes TCP without TLS's goodbye: that is the ordinary loss.
        if case NIOSSLError.uncleanShutdown = error {} else { self.reason = "its connection failed: \(error)" }
        context.close(promise: nil)
    }

    // MARK: Heartbeats

    private func beginToBeat(_ context: ChannelHandlerContext) {
        guard self.beat == nil else { return }
        self.pulse = Pulse(now: .now)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.beat = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            bound.value.0.tick(bound.value.1)
        }
    }

    private func tick(_ context: ChannelHandlerContext) {
        guard !self.hasTold else { return }
        self.connection.send(.heartbeat)
        // What this side does not read cannot show that the other one lives.
        if self.isPaused { self.pulse?.hear(now: .now) }
        guard self.pulse?.tick(now: .now) == true else { return }
        self.reason = "its agent has not been heard of for \(Int(Pulse.limit)) s"
        // At once: the goodbye of a connection on which nobody answers takes a while.
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
        self.pulse?.hear(now: .now)
        channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
    }
}
