import FoundationEssentials
import Glibc
import MusterWire
import NIOCore
import NIOPosix
import Synchronization

/// The Unix socket for the requests of flow programs: one line of JSON a request.
///
/// It listens from the moment it is bound, so that a step program may connect at once; ``serve(on:)`` accepts.
/// A reusable agent keeps it. A connection belongs to the attempt in which it was accepted.
final class RequestServer: Sendable {
    private struct State {
        var path: String?
        var descriptor: CInt = -1
        var isServing = false
        var events: AgentEvents?
        var connections: [RequestConnection: any Channel] = [:]
        var connectionCount = 0
    }

    private let state = Mutex(State())

    /// Binds the socket, unless it is bound there already. Requests of connections that are accepted from now on go to
    /// `events`: to be called before a process is started that could connect.
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

    /// Begins to accept connections, unless it does already.
    func serve(on group: MultiThreadedEventLoopGroup) {
        let (descriptor, events) = self.state.withLock { state -> (CInt?, AgentEvents?) in
            defer { state.isServing = true }
            return (state.isServing ? nil : state.descriptor, state.events)
        }
        guard let descriptor else { return }
        ServerBootstrap(group: group)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let (connection, events) = self.add(channel) else { return }
                    try channel.pipeline.syncOperations.addHandler(
                        RequestHandler(connection, server: self, events: events))
                }
            }
            .withBoundSocket(descriptor)
            .whenFailure { events?.yield(.node(.logFailed("the agent's socket does not work: \($0)"))) }
    }

    private func add(_ channel: any Channel) -> (RequestConnection, AgentEvents)? {
        self.state.withLock { state in
            guard let events = state.events else { return nil }
            state.connectionCount += 1
            let connection = RequestConnection(number: state.connectionCount)
            state.connections[connection] = channel
            return (connection, events)
        }
    }

    fileprivate func remove(_ connection: RequestConnection) {
        _ = self.state.withLock { $0.connections.removeValue(forKey: connection) }
    }

    /// Sends an answer, unless the program has closed the connection. Answers arrive in the order of these calls.
    func answer(_ connection: RequestConnection, _ answer: AgentAnswer) {
        guard let channel = self.state.withLock({ $0.connections[connection] }) else { return }
        guard let line = try? LineCoding.encode(answer) else { return channel.close(promise: nil) }
        channel.writeAndFlush(ByteBuffer(bytes: line), promise: nil)
    }
}

/// One connection of a flow program.
package struct RequestConnection: Sendable, Hashable {
    /// Counts the connections of an agent.
    package let number: Int

    package init(number: Int) { self.number = number }
}

/// Decodes request lines. Used on its channel's event loop only.
private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var lines = LineBuffer()
    private let connection: RequestConnection
    private let server: RequestServer
    private let events: AgentEvents

    init(_ connection: RequestConnection, server: RequestServer, events: AgentEvents) {
        self.connection = connection
        self.server = server
        self.events = events
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            for line in try self.lines.append(self.unwrapInboundIn(data).readableBytesView) { self.read(line) }
        } catch {
            // The rest of the line is read and dropped: a program that still writes does not read the answer yet.
            self.tell(.unreadable("the request was refused: \(error)"))
        }
    }

    private func read(_ line: Data) {
        do {
            self.tell(.request(try LineCoding.decode(AgentRequest.self, from: line)))
        } catch {
            let start = String(decoding: line.prefix(200), as: UTF8.self)
            self.tell(.unreadable("the agent does not understand the request \(start)"))
        }
    }

    private func tell(_ line: RequestLine) { self.events.yield(.node(.request(self.connection, line))) }

    func channelInactive(context: ChannelHandlerContext) {
        self.server.remove(self.connection)
        self.events.yield(.node(.requestsEnded(self.connection)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
