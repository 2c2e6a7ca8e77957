import NIOCore
package import NIOPosix
import NIOSSL
import Synchronization

/// A client of HTTP/1.1 that keeps connections open between requests. It never repeats a request and follows no
/// redirection: its callers know best.
package final class HTTPClient: Sendable {
    /// The threads of all clients that are not given others: a few fill any network.
    package static let threads = MultiThreadedEventLoopGroup(numberOfThreads: min(4, System.coreCount))

    private let trust: HTTPTrust
    private let timing: HTTPTiming
    private let group: MultiThreadedEventLoopGroup
    private let idle = Mutex(IdleConnections())
    /// Made by the first connection with TLS: it reads a hundred certificates.
    private let tls = Mutex<NIOSSLContext?>(nil)

    package init(
        trust: HTTPTrust = .system, timing: HTTPTiming = HTTPTiming(), group: MultiThreadedEventLoopGroup = threads
    ) {
        self.trust = trust
        self.timing = timing
        self.group = group
    }

    deinit { self.close() }

    /// Closes the connections that nobody uses.
    package func close() {
        for connection in self.idle.withLock({ $0.takeAll() }) { connection.close() }
    }

    /// Sends `request` and waits for the whole answer.
    package func send(
        _ request: HTTPRequest, to origin: HTTPOrigin, receiver: (any HTTPReceiver)? = nil
    ) async throws(HTTPError) -> HTTPResponse {
        let connection = try await self.connection(to: origin)
        let result = await withTaskCancellationHandler {
            await Self.result(of: connection.exchange(request, host: origin.authority, receiver: receiver))
        } onCancel: {
            connection.cancel()
        }
        let response = try result.get()
        if connection.isReusable { self.idle.withLock { $0.put(connection, to: origin, at: .now()) } }
        return response
    }

    private func connection(to origin: HTTPOrigin) async throws(HTTPError) -> HTTPConnection {
        if Task.isCancelled { throw HTTPError(.cancelled, "cancelled") }
        let (found, old) = self.idle.withLock {
            $0.take(to: origin, at: .now(), limit: .nanoseconds(Int64(self.timing.idle * 1e9)))
        }
        for connection in old { connection.close() }
        if let found { return found }
        return try await self.connect(to: origin)
    }

    private func connect(to origin: HTTPOrigin) async throws(HTTPError) -> HTTPConnection {
        let context = origin.isSecure ? try self.context() : nil
        let limit = TimeAmount.nanoseconds(Int64(self.timing.connect * 1e9))
        let connection = HTTPConnection(
            on: self.group.next(), isSecure: origin.isSecure, stall: .nanoseconds(Int64(self.timing.stall * 1e9)))
        let bootstrap = ClientBootstrap(group: connection.eventLoop)
            .connectTimeout(limit)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        // Servers that are called by an address have no name to ask for.
                        let name = Self.isAddress(origin.host) ? nil : origin.host
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: name))
                    }
                    try connection.install(in: channel)
                }
            }
        do {
            _ = try await bootstrap.connect(host: origin.host, port: origin.port).get()
        } catch {
            connection.giveUp()
            throw HTTPError(.connect, "cannot connect to \(origin): \(ConnectFailure.text(error))")
        }
        let result = await withTaskCancellationHandler {
            await Self.result(of: connection.opened(within: limit))
        } onCancel: {
            connection.cancel()
        }
        try result.get()
        return connection
    }

    private func context() throws(HTTPError) -> NIOSSLContext {
        let result = self.tls.withLock { context in
            Result { () throws(HTTPError) in
                if let context { return context }
                let new = try self.trust.context()
                context = new
                return new
            }
        }
        return try result.get()
    }

    /// A text that is no address is a name.
    private static func isAddress(_ host: String) -> Bool { (try? SocketAddress(ipAddress: host, port: 0)) != nil }

    private static func result<Value: Sendable>(of future: EventLoopFuture<Value>) async -> Result<Value, HTTPError> {
        do {
            return .success(try await future.get())
        } catch {
            return .failure(error as? HTTPError ?? HTTPError(.closed, "the connection failed: \(error)"))
        }
    }
}
