import MusterModel
import MusterProcess
import NIOCore
import NIOPosix

/// Waits until a port accepts connections.
struct PortProbe: Sendable {
    private let address: String
    private let port: Int
    /// There is no event for another process that begins to listen.
    private let retries: Retries

    /// - Parameter seconds: After these it gives up silently.
    init(address: String, port: Int, seconds: Double, interval: Double = NodeSettings().probeInterval) {
        self.address = address
        self.port = port
        self.retries = Retries(seconds: seconds, interval: interval)
    }

    func wait(
        on group: MultiThreadedEventLoopGroup, _ reactor: ProcessReactor, onOpen: @escaping @Sendable () -> Void
    ) {
        ClientBootstrap(group: group).connectTimeout(.seconds(2)).connect(host: self.address, port: self.port)
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    channel.close(promise: nil)
                    onOpen()
                case .failure:
                    self.retries.again(on: reactor) { self.wait(on: group, reactor, onOpen: onOpen) }
                }
            }
    }
}
