import MusterModel
import MusterWire
import NIOCore
import NIOPosix
import NIOSSL

/// The listening socket of the control node's agent, for workers.
struct GangServer: Sendable {
    let port: Int
    private let channel: any Channel

    /// Listens at `address` on a free port, for a gang of `size` nodes.
    static func start(
        address: String, size: Int, tls: GangTLS, on group: MultiThreadedEventLoopGroup, events: AgentEvents,
        times: NodeSettings = NodeSettings()
    ) async throws -> GangServer {
        let context = try tls.serverContext()
        let unauthenticated = UnauthenticatedConnections(size: size)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        UnauthenticatedHandler(unauthenticated),
                        NIOSSLServerHandler(context: context),
                        GangFrameHandler<WorkerMessage>(
                            channel: channel, patience: TimeAmount(seconds: times.handshakeTimeout), times: times,
                            unauthenticated: unauthenticated
                        ) { events.yield(.fromWorker($0, $1)) },
                    ])
                }
            }
            .bind(host: address, port: 0).get()
        guard let port = channel.localAddress?.port else {
            throw AgentError("no port was given to the listening socket")
        }
        return GangServer(port: port, channel: channel)
    }

    /// Accepts no new connections.
    func stop() { self.channel.close(promise: nil) }
}

/// The connection of a worker's agent to the control node.
enum GangClient {
    /// Connects once. The outcome comes as an event, a failure too.
    static func connect(
        address: String, port: Int, tls: GangTLS, on group: MultiThreadedEventLoopGroup, events: AgentEvents,
        files: BroadcastInbox, times: NodeSettings = NodeSettings()
    ) {
        do {
            let context = try tls.clientContext()
            ClientBootstrap(group: group)
                .connectTimeout(TimeAmount(seconds: times.connectTimeout))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            NIOSSLClientHandler(context: context, serverHostname: nil),
                            GangFrameHandler<ControlMessage>(
                                channel: channel, patience: nil, times: times, files: files
                            ) {
                                events.yield(.fromControl($0, $1))
                            },
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

extension TimeAmount {
    init(seconds: Double) { self = .nanoseconds(Int64(seconds * 1e9)) }
}
