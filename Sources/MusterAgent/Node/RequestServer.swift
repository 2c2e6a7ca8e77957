import FoundationEssentials
import Glibc
import MusterWire
import NIOCore
import NIOPosix
import Synchronization

/// The socket at which flow programs ask their agent: one line of JSON a request.
///
/// It listens from the moment it is bound, so that a step program may connect at once; ``serve(on:)`` answers.
/// An agent that stays keeps it; a connection belongs to the attempt in which it was taken.
final class RequestServer: Sendable {
    private struct State {
        var path: String?
        var descriptor: CInt = -1
        var isServing = false
        var events: AgentEvents?
    }

    private let state = Mutex(State())

    /// Binds the socket, unless it is bound there already. Connections that are taken from now on speak to `events`: to be
    /// said before anything is started that could connect.
    /// - Parameter path: At most 107 bytes.
    func listen(at path: String, for events: AgentEvents) throws(AgentError) {
        let isBound = self.state.withLock { state in
            state.events = events
            return state.path == path
        }
        guard !isBound else { return }
        let descriptor = try Self.bound(to: path)
        self.state.withLock { state in
            state.path = path
            state.descriptor = descriptor
        }
    }

    private static func bound(to path: String) throws(AgentError) -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw AgentError.system("make the agent's socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, Glibc.listen(descriptor, 128) == 0 else {
            let error = AgentError.system("listen at the socket \(path)")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Begins to take connections, unless it does already.
    func serve(on group: MultiThreadedEventLoopGroup) {
        let (descriptor, events) = self.state.withLock { state -> (CInt?, AgentEvents?) in
            defer { state.isServing = true }
            return (state.isServing ? nil : state.descriptor, state.events)
        }
        guard let descriptor else { return }
        ServerBootstrap(group: group)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let events = self.state.withLock({ $0.events }) else { return }
                    try channel.pipeline.syncOperations.addHandler(RequestHandler(channel: channel, events: events))
                }
            }
            .withBoundSocket(descriptor)
            .whenFailure { events?.yield(.logFailed("the agent's socket does not work: \($0)")) }
    }
}

/// One connection of a flow program.
package struct SocketConnection: Sendable, Hashable {
    package let id: ObjectIdentifier
    private let channel: any Channel

    init(_ channel: any Channel) {
        self.id = ObjectIdentifier(channel)
        self.channel = channel
    }

    /// Answers are read in the order in which they are sent.
    func send(_ answer: AgentAnswer) {
        guard let line = try? LineCoding.encode(answer) else { return self.close() }
        self.channel.writeAndFlush(ByteBuffer(bytes: line), promise: nil)
    }

    func close() { self.channel.close(promise: nil) }

    package static func == (left: Self, right: Self) -> Bool { left.id == right.id }
    package func hash(into hasher: inout Hasher) { hasher.combine(self.id) }
}

/// Turns bytes into request lines. Lives on its channel's event loop.
private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var lines = LineBuffer()
    private let connection: SocketConnection
    private let events: AgentEvents

    init(channel: any Channel, events: AgentEvents) {
        self.connection = SocketConnection(channel)
        self.events = events
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            for line in try self.lines.append(self.unwrapInboundIn(data).readableBytesView) { self.read(line) }
        } catch {
            // The rest of it is read and dropped: who is still writing does not read the answer yet.
            self.events.yield(.request(self.connection, .unreadable("the request was refused: \(error)")))
        }
    }

    private func read(_ line: Data) {
        do {
            self.events.yield(.request(self.connection, .request(try LineCoding.decode(AgentRequest.self, from: line))))
        } catch {
            let start = String(decoding: line.prefix(200), as: UTF8.self)
            self.events.yield(
                .request(self.connection, .unreadable("the agent does not understand the request \(start)")))
        }
    }

    func channelInactive(context: ChannelHandlerContext) { self.events.yield(.requestsEnded(self.connection)) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
