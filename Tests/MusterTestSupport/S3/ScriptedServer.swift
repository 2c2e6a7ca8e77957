package import Foundation
import NIOCore
package import NIOHTTP1
import NIOPosix
package import NIOSSL

/// A server of HTTP on this machine whose answers, and failures to answer, a test decides.
package final class ScriptedServer: Sendable {
    package struct Request: Sendable {
        package let method: String
        package let target: String
        package let headers: HTTPHeaders
        package let body: Data

        package func header(_ name: String) -> String? { self.headers.first(name: name) }
    }

    package enum Reply: Sendable {
        case answer(Int, [(String, String)] = [], Data = Data())
        /// The answer after seconds.
        case slow(Double, Int, [(String, String)], Data)
        /// The connection is reset without an answer.
        case reset
        /// Nothing comes, and the connection stays.
        case silence
        /// The beginning of an answer; then the connection ends, or nothing more comes.
        case cut(Int, [(String, String)], Data, stays: Bool)

        package static func error(_ status: Int, _ code: String, _ fields: [(String, String)] = [], extra: String = "")
            -> Reply
        {
            let body = "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>told so</Message>\(extra)</Error>"
            return .answer(status, fields, Data(body.utf8))
        }
    }

    package typealias Handler = @Sendable (Request) async -> Reply

    package let port: Int
    private let channel: any Channel

    package var endpoint: String { "http://127.0.0.1:\(self.port)" }

    private init(_ channel: any Channel) {
        self.channel = channel
        self.port = channel.localAddress?.port ?? 0
    }

    /// Serves while `body` runs.
    package static func with<Value>(
        tls: NIOSSLContext? = nil, _ handler: @escaping Handler, _ body: (ScriptedServer) async throws -> Value
    ) async throws -> Value {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try channel.pipeline.syncOperations.addHandler(ScriptedConnection(handler))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let value = try await body(ScriptedServer(channel))
            try await channel.close()
            return value
        } catch {
            try? await channel.close()
            throw error
        }
    }
}

/// `@unchecked Sendable` because its fields are touched on its channel's event loop only.
private final class ScriptedConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let handler: ScriptedServer.Handler
    private var head: HTTPRequestHead?
    private var body = Data()

    init(_ handler: @escaping ScriptedServer.Handler) { self.handler = handler }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            self.body = Data()
        case .body(let buffer): self.body.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard let head = self.head else { return }
            let request = ScriptedServer.Request(
                method: head.method.rawValue, target: head.uri, headers: head.headers, body: self.body)
            let (handler, channel) = (self.handler, context.channel)
            Task {
                let reply = await handler(request)
                if case .slow(let seconds, _, _, _) = reply { try? await Task.sleep(for: .seconds(seconds)) }
                channel.eventLoop.execute { self.write(reply, to: channel, isHead: request.method == "HEAD") }
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func write(_ reply: ScriptedServer.Reply, to channel: any Channel, isHead: Bool) {
        switch reply {
        case .answer(let status, let fields, let body), .slow(_, let status, let fields, let body):
            self.write(status, fields, body, declared: body.count, to: channel, isHead: isHead)
            channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        case .cut(let status, let fields, let body, let stays):
            self.write(status, fields, body.prefix(body.count / 2), declared: body.count, to: channel, isHead: isHead)
            channel.flush()
            if !stays { channel.close(promise: nil) }
        case .reset:
            // A close without lingering is a reset.
            guard let options = channel as? any SocketOptionProvider else { return channel.close(promise: nil) }
            options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
        case .silence: break
        }
    }

    private func write(
        _ status: Int, _ fields: [(String, String)], _ body: Data, declared: Int, to channel: any Channel, isHead: Bool
    ) {
        var headers = HTTPHeaders(
            fields.filter { $0.0.lowercased() != "transfer-encoding" && $0.0.lowercased() != "connection" })
        if !headers.contains(name: "Content-Length"), status != 204 {
            headers.add(name: "Content-Length", value: "\(declared)")
        }
        let head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        if !body.isEmpty, !isHead {
            channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
        }
    }
}
