import MusterProcess
import NIOCore
import NIOPosix

/// Waits until something takes connections at a port.
struct PortProbe: Sendable {
    /// Seconds between two tries: nothing tells when another process, here or elsewhere, begins to listen.
    private static let pause = 0.02

    private let address: String
    private let port: Int
    private let end: ContinuousClock.Instant

    /// - Parameter seconds: After these it gives up without a word.
    init(address: String, port: Int, seconds: Double) {
        self.address = address
        self.port = port
        self.end = .now + .seconds(seconds)
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
                case .failure where ContinuousClock.now < self.end:
                    reactor.schedule(after: Self.pause) { self.wait(on: group, reactor, onOpen: onOpen) }
                case .failure: break
                }
            }
    }
}
