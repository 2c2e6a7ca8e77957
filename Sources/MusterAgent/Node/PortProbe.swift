import MusterProcess
import NIOCore
import NIOPosix

/// Waits until something takes connections at a port.
struct PortProbe: Sendable {
    private let address: String
    private let port: Int
    /// Nothing tells when another process, here or elsewhere, begins to listen.
    private let retries: Retries

    /// - Parameter seconds: After these it gives up without a word.
    init(address: String, port: Int, seconds: Double) {
        self.address = address
        self.port = port
        self.retries = Retries(seconds: seconds)
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
