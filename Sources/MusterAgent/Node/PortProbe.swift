import MusterModel
import NIOCore
import NIOPosix

/// Waits until a port accepts connections.
struct PortProbe: Sendable {
    private let address: String
    private let port: Int
    /// There is no event for another process that begins to listen.
    private let retries: Retries

    /// - Parameter seconds: After these it gives up silently.
    init(
        address: String, port: Int, seconds: Double, interval: Double = NodeSettings().probeInterval,
        clock: any AgentClock
    ) {
        self.address = address
        self.port = port
        self.retries = Retries(seconds: seconds, interval: interval, clock: clock)
    }

    func wait(on group: MultiThreadedEventLoopGroup, onOpen: @escaping @Sendable () -> Void) {
        ClientBootstrap(group: group).connectTimeout(.seconds(2)).connect(host: self.address, port: self.port)
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    channel.close(promise: nil)
                    onOpen()
                case .failure:
                    self.retries.again { self.wait(on: group, onOpen: onOpen) }
                }
            }
    }
}
