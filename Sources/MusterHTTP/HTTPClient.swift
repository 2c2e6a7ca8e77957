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
    private let proxies: HTTPProxies
    private let timing: HTTPTiming
    private let group: MultiThreadedEventLoopGroup
    private let idle = Mutex(IdleConnections())
    /// Made by the first connection with TLS: it reads a hundred certificates.
    private let tls = Mutex<NIOSSLContext?>(nil)

    package init(
        trust: HTTPTrust = .system, proxies: HTTPProxies = .none, timing: HTTPTiming = HTTPTiming(),
        group: MultiThreadedEventLoopGroup = threads
    ) {
        self.trust = trust
        self.proxies = proxies
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
        let request = self.addressed(request, to: origin)
        let turn = connection.nextTurn()
        let result = await withTaskCancellationHandler {
            await Self.result(of: connection.exchange(request, host: origin.authority, receiver: receiver, turn))
        } onCancel: {
            connection.cancel(turn)
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

    /// A proxy of plain requests is told the server with each.
    private func addressed(_ request: HTTPRequest, to origin: HTTPOrigin) -> HTTPRequest {
        guard !origin.isSecure, let proxy = self.proxies.proxy(for: origin) else { return request }
        var request = request
        request.target = "\(origin)\(request.target)"
        if let authorization = proxy.authorization { request.headers.append(authorization) }
        return request
    }

    private func connect(to origin: HTTPOrigin) async throws(HTTPError) -> HTTPConnection {
        let context = origin.isSecure ? try self.context() : nil
        let limit = TimeAmount.nanoseconds(Int64(self.timing.connect * 1e9))
        let connection = HTTPConnection(
            on: self.group.next(), isSecure: origin.isSecure, stall: .nanoseconds(Int64(self.timing.stall * 1e9)))
        let trust = self.trust
        let install = { @Sendable (channel: any Channel) throws in
            if let context {
                // Servers that are called by an address have no name to ask for.
                let host = trust.serverName ?? origin.host
                let name = Self.isAddress(host) ? nil : host
                try channel.pipeline.syncOperations.addHandler(
                    NIOSSLClientHandler(context: context, serverHostname: name))
            }
            try connection.install(in: channel)
        }
        let proxy = self.proxies.proxy(for: origin)
        let isTunnelled = proxy != nil && origin.isSecure
        let tunnel = connection.eventLoop.makePromise(of: Void.self)
        let bootstrap = ClientBootstrap(group: connection.eventLoop)
            .connectTimeout(limit)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let proxy, isTunnelled {
                        try channel.pipeline.syncOperations.addHandler(
                            ProxyTunnel(to: origin, by: proxy, isOpen: tunnel))
                    } else {
                        try install(channel)
                    }
                }
            }
        let next = proxy?.origin ?? origin
        do {
            let channel = try await bootstrap.connect(host: next.host, port: next.port).get()
            if isTunnelled { try await self.open(tunnel, channel, within: limit, install) } else { tunnel.succeed() }
        } catch {
            tunnel.fail(error)
            connection.giveUp()
            let name = proxy.map { "\($0) on the way to \(origin)" } ?? "\(origin)"
            throw error as? HTTPError ?? HTTPError(.connect, "cannot connect to \(name): \(ConnectFailure.text(error))")
        }
        let result = await withTaskCancellationHandler {
            await Self.result(of: connection.opened(within: limit))
        } onCancel: {
            connection.cancelOpening()
        }
        try result.get()
        return connection
    }

    /// Waits for a proxy's connection to the server, then has the channel speak with that.
    private func open(
        _ tunnel: EventLoopPromise<Void>, _ channel: any Channel, within limit: TimeAmount,
        _ install: @escaping @Sendable (any Channel) throws -> Void
    ) async throws {
        let timer = channel.eventLoop.scheduleTask(in: limit) {
            tunnel.fail(HTTPError(.connect, "the proxy did not connect in time"))
        }
        defer { timer.cancel() }
        do {
            try await tunnel.futureResult.flatMapThrowing { try install(channel) }.get()
        } catch {
            channel.close(promise: nil)
            throw error
        }
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
