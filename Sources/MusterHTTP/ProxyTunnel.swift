import NIOCore

/// Asks a proxy for a connection to a server, and then leaves the pipeline to what speaks with that server.
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes of an answer at most.
    private static let longestAnswer = 16 << 10

    private let proxy: HTTPProxy
    private let origin: HTTPOrigin
    private let isOpen: EventLoopPromise<Void>
    private var answer: [UInt8] = []

    /// - Parameter isOpen: Completed when the server is behind the connection, or with an ``HTTPError``.
    init(to origin: HTTPOrigin, by proxy: HTTPProxy, isOpen: EventLoopPromise<Void>) {
        self.proxy = proxy
        self.origin = origin
        self.isOpen = isOpen
    }

    /// The server's host with its port, as CONNECT takes it.
    private var target: String {
        let host = self.origin.host.contains(":") ? "[\(self.origin.host)]" : self.origin.host
        return "\(host):\(self.origin.port)"
    }

    func channelActive(context: ChannelHandlerContext) {
        let authorization = self.proxy.authorization.map { "\($0.name): \($0.value)\r\n" } ?? ""
        let request = "CONNECT \(self.target) HTTP/1.1\r\nHost: \(self.target)\r\n\(authorization)\r\n"
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.answer += Self.unwrapInboundIn(data).readableBytesView
        guard self.answer.suffix(4) == Array("\r\n\r\n".utf8) else {
            // The server says nothing before it has been spoken to.
            if self.answer.count > Self.longestAnswer { self.fail("its answer is too long", context) }
            return
        }
        let line = String(decoding: self.answer.prefix { $0 != 0x0D }, as: UTF8.self)
        guard line.hasPrefix("HTTP/1."), line.split(separator: " ").dropFirst().first?.first == "2" else {
            return self.fail("it says '\(line.prefix(200))'", context)
        }
        context.pipeline.syncOperations.removeHandler(self).assumeIsolated().whenComplete { _ in self.isOpen.succeed() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isOpen.fail(self.error("it closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail(ConnectFailure.text(error), context)
    }

    private func fail(_ reason: String, _ context: ChannelHandlerContext) {
        self.isOpen.fail(self.error(reason))
        context.close(promise: nil)
    }

    private func error(_ reason: String) -> HTTPError {
        HTTPError(.connect, "\(self.proxy) does not connect to \(self.origin): \(reason)")
    }
}
