import NIOCore
import Synchronization

/// The connections of a gang's server whose TLS handshake is not over. Any program can open them, and each costs memory and
/// a descriptor. A peer that has finished the handshake holds the attempt's key and is removed from this list.
///
///     silent ──first bytes──▶ speaking ──handshake over──▶ removed
///       └──────────────────────────────────────────────────▲  (or the connection's end)
///
/// Beyond the limit one connection is closed: the oldest silent one, otherwise the oldest. A worker sends its first bytes as
/// soon as it is connected and finishes within milliseconds, so a flood of idle connections keeps no worker out.
struct UnauthenticatedList<ID: Hashable> {
    private let limit: Int
    /// Oldest first.
    private var silent: [ID] = []
    private var speaking: [ID] = []

    init(limit: Int) { self.limit = limit }

    /// Adds a connection. Returns the one to close for it, if any.
    mutating func add(_ id: ID) -> ID? {
        self.silent.append(id)
        guard self.silent.count + self.speaking.count > self.limit else { return nil }
        // The newest one has had no time to send anything.
        if self.silent.count > 1 { return self.silent.removeFirst() }
        return self.speaking.isEmpty ? self.silent.removeFirst() : self.speaking.removeFirst()
    }

    /// Notes the first bytes of a connection. No effect on one that is not in the list.
    mutating func spoke(_ id: ID) {
        guard let index = self.silent.firstIndex(of: id) else { return }
        self.speaking.append(self.silent.remove(at: index))
    }

    /// Removes a connection whose handshake is over, or that has ended. Calling it again has no effect.
    mutating func remove(_ id: ID) {
        self.silent.removeAll { $0 == id }
        self.speaking.removeAll { $0 == id }
    }
}

/// The unauthenticated connections of one server.
final class UnauthenticatedConnections: Sendable {
    /// The limit for a gang of `size`: all of its workers, and 256 for retries and for programs that are no workers.
    static func limit(size: Int) -> Int { size + 256 }

    private struct State {
        var list: UnauthenticatedList<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let state: Mutex<State>

    init(size: Int) { self.state = Mutex(State(list: UnauthenticatedList(limit: Self.limit(size: size)))) }

    func add(_ channel: any Channel) {
        let evicted = self.state.withLock { state -> (any Channel)? in
            state.channels[ObjectIdentifier(channel)] = channel
            return state.list.add(ObjectIdentifier(channel)).flatMap { state.channels.removeValue(forKey: $0) }
        }
        evicted?.close(promise: nil)
    }

    func spoke(_ channel: any Channel) { self.state.withLock { $0.list.spoke(ObjectIdentifier(channel)) } }

    func remove(_ channel: any Channel) {
        self.state.withLock { state in
            state.list.remove(ObjectIdentifier(channel))
            state.channels[ObjectIdentifier(channel)] = nil
        }
    }
}

/// Reports a connection's start, first bytes and end. It stands before the TLS handler, which decrypts.
final class UnauthenticatedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connections: UnauthenticatedConnections
    private var isSilent = true

    init(_ connections: UnauthenticatedConnections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) { self.connections.add(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.isSilent {
            self.isSilent = false
            self.connections.spoke(context.channel)
        }
        context.fireChannelRead(data)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.connections.remove(context.channel) }
}
