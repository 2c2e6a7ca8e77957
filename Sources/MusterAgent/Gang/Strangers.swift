import NIOCore
import Synchronization

/// The connections of a gang's server whose handshake is not over: anybody can make them, and each costs memory and a
/// descriptor. Whoever has finished the handshake holds the attempt's key, and is none of them any more.
///
///     come ──spoke──▶ speaking ──handshake over──▶ left
///       └───────────────────────────────────────────▲  (or the connection's end)
///
/// Of too many one has to go: the oldest that has said nothing yet, otherwise the oldest. A worker speaks as soon as it is
/// connected and is through within milliseconds, so whoever only holds connections open loses them, and keeps nobody out.
struct StrangerList<ID: Hashable> {
    private let limit: Int
    /// Oldest first.
    private var silent: [ID] = []
    private var speaking: [ID] = []

    init(limit: Int) { self.limit = limit }

    /// A connection was made. Returns the one that has to go for it.
    mutating func come(_ id: ID) -> ID? {
        self.silent.append(id)
        guard self.silent.count + self.speaking.count > self.limit else { return nil }
        // The newest has had no time to speak.
        if self.silent.count > 1 { return self.silent.removeFirst() }
        return self.speaking.isEmpty ? self.silent.removeFirst() : self.speaking.removeFirst()
    }

    /// The first bytes have come. Nothing happens when it is no stranger.
    mutating func spoke(_ id: ID) {
        guard let index = self.silent.firstIndex(of: id) else { return }
        self.speaking.append(self.silent.remove(at: index))
    }

    /// Its handshake is over, or it has ended. Asking again changes nothing.
    mutating func leave(_ id: ID) {
        self.silent.removeAll { $0 == id }
        self.speaking.removeAll { $0 == id }
    }
}

/// The strangers of one server.
final class Strangers: Sendable {
    /// How many there may be at once in a gang of `size`: all of its workers, and some that try again or are none.
    static func limit(size: Int) -> Int { size + 256 }

    private struct State {
        var list: StrangerList<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let state: Mutex<State>

    init(size: Int) { self.state = Mutex(State(list: StrangerList(limit: Self.limit(size: size)))) }

    func come(_ channel: any Channel) {
        let evicted = self.state.withLock { state -> (any Channel)? in
            state.channels[ObjectIdentifier(channel)] = channel
            return state.list.come(ObjectIdentifier(channel)).flatMap { state.channels.removeValue(forKey: $0) }
        }
        evicted?.close(promise: nil)
    }

    func spoke(_ channel: any Channel) { self.state.withLock { $0.list.spoke(ObjectIdentifier(channel)) } }

    func leave(_ channel: any Channel) {
        self.state.withLock { state in
            state.list.leave(ObjectIdentifier(channel))
            state.channels[ObjectIdentifier(channel)] = nil
        }
    }
}

/// Tells of one connection from its beginning to the end of its handshake. Stands before what decrypts.
final class StrangerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let strangers: Strangers
    private var isSilent = true

    init(_ strangers: Strangers) { self.strangers = strangers }

    func handlerAdded(context: ChannelHandlerContext) { self.strangers.come(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.isSilent {
            self.isSilent = false
            self.strangers.spoke(context.channel)
        }
        context.fireChannelRead(data)
    }

    /// However the connection ends.
    func handlerRemoved(context: ChannelHandlerContext) { self.strangers.leave(context.channel) }
}
