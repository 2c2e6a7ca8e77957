import MusterWire
import NIOCore
import NIOPosix
import NIOSSL

/// Where the control node's agent takes connections of workers.
struct GangServer: Sendable {
    /// How long a handshake and a hello may take together.
    private static let patience = TimeAmount.seconds(10)

    let port: Int
    private let channel: any Channel

    /// Listens at `address` on a free port, for a gang of `size` nodes.
    static func start(
        address: String, size: Int, tls: GangTLS, on group: MultiThreadedEventLoopGroup, events: AgentEvents
    ) async throws -> GangServer {
        let context = try tls.serverContext()
        let strangers = Strangers(size: size)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        StrangerHandler(strangers),
                        NIOSSLServerHandler(context: context),
                        GangFrameHandler(
                            channel: channel, patience: Self.patience, events: events, strangers: strangers),
                    ])
                }
            }
            .bind(host: address, port: 0).get()
        guard let port = channel.localAddress?.port else {
            throw AgentError("no port was given to the listening socket")
        }
        return GangServer(port: port, channel: channel)
    }

    /// Takes no new connections.
    func stop() { self.channel.close(promise: nil) }
}

/// How a worker's agent reaches the control node.
enum GangClient {
    private static let patience = TimeAmount.seconds(5)

    /// Connects once; what happens comes as events, failure included.
    static func connect(
        address: String, port: Int, tls: GangTLS, on group: MultiThreadedEventLoopGroup, events: AgentEvents,
        files: BroadcastInbox
    ) {
        do {
            let context = try tls.clientContext()
            ClientBootstrap(group: group)
                .connectTimeout(Self.patience)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            NIOSSLClientHandler(context: context, serverHostname: nil),
                            GangFrameHandler(channel: channel, patience: nil, events: events, files: files),
                        ])
                    }
                }
                .connect(host: address, port: port)
                .whenFailure { events.yield(.connectFailed("\($0)")) }
        } catch {
            events.yield(.connectFailed("\(error)"))
        }
    }
}
