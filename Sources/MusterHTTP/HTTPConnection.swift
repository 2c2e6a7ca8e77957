import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS
import Synchronization

/// One connection: requests one after the other.
///
///     opening ──connected, with TLS──▶ idle ──request──▶ exchanging ──answer complete──▶ idle
///                                                            └──closed · stalled · refused──▶ closed
///
/// `@unchecked Sendable` because its fields are touched on ``eventLoop`` only, but for ``isReusable``, which has a lock.
final class HTTPConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    let eventLoop: any EventLoop
    private let isSecure: Bool
    private let stall: TimeAmount
    private let opening: EventLoopPromise<Void>
    private let reusable = Mutex(false)
    private var context: ChannelHandlerContext?
    private var isOpen = false
    /// The exchange that was cancelled, and the last one that has its answer.
    private var cancelled: Turn?
    private var done: Turn?
    private var failure: HTTPError?
    private var exchange: HTTPExchange?

    init(on eventLoop: any EventLoop, isSecure: Bool, stall: TimeAmount) {
        self.eventLoop = eventLoop
        self.isSecure = isSecure
        self.stall = stall
        self.opening = eventLoop.makePromise()
    }

    /// One exchange of this connection. A task that is cancelled while its answer arrives must not end the exchange of the
    /// task that has the connection next.
    struct Turn: Sendable, Hashable {
        fileprivate let number: Int
    }

    private let turns = Mutex(0)

    /// The next exchange, for the one user of the connection.
    func nextTurn() -> Turn {
        self.turns.withLock { number in
            number += 1
            return Turn(number: number)
        }
    }

    /// True while the connection is open and has no exchange.
    var isReusable: Bool { self.reusable.withLock { $0 } }

    func install(in channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([
            HTTPRequestEncoder(), ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)),
        ])
        try pipeline.addHandler(self)
    }

    /// Completes when the connection can be used.
    func opened(within limit: TimeAmount) -> EventLoopFuture<Void> {
        let timer = self.eventLoop.scheduleTask(in: limit) {
            guard !self.isOpen else { return }
            self.end(HTTPError(.connect, "the server did not complete TLS in time"))
        }
        self.opening.futureResult.whenComplete { _ in timer.cancel() }
        return self.opening.futureResult
    }

    /// Ends the wait for a connection that was never made.
    func giveUp() { self.opening.fail(HTTPError(.connect, "no connection")) }

    func exchange(
        _ request: HTTPRequest, host: String, receiver: (any HTTPReceiver)?, _ turn: Turn
    ) -> EventLoopFuture<HTTPResponse> {
        let promise = self.eventLoop.makePromise(of: HTTPResponse.self)
        self.reusable.withLock { $0 = false }
        self.eventLoop.execute {
            guard let context = self.context, context.channel.isActive else {
                promise.fail(self.failure ?? HTTPError(.closed, "the server closed the connection"))
                return
            }
            if self.cancelled == turn {
                promise.fail(HTTPError(.cancelled, "cancelled"))
                return
            }
            self.exchange = HTTPExchange(request, receiver: receiver, promise: promise, turn, at: .now())
            self.write(HTTPExchange.head(request, host: host), to: context)
            self.watch()
        }
        return promise.futureResult
    }

    /// Ends the exchange, and the connection with it; nothing once its answer is there.
    func cancel(_ turn: Turn) {
        self.eventLoop.execute {
            if self.done == turn { return }
            self.cancelled = turn
            self.end(HTTPError(.cancelled, "cancelled"))
        }
    }

    /// Ends the wait for the connection; nothing once it is open.
    func cancelOpening() {
        self.eventLoop.execute {
            if !self.isOpen { self.end(HTTPError(.cancelled, "cancelled")) }
        }
    }

    func close() {
        self.eventLoop.execute { self.context?.close(promise: nil) }
    }
}

// MARK: Events of the channel

extension HTTPConnection {
    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        if !self.isSecure { self.open() }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event { self.open() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let exchange = self.exchange else {
            // An answer to nothing, such as 408 to an idle client: the connection is about to end.
            context.close(promise: nil)
            return
        }
        do throws(HTTPError) {
            guard let response = try exchange.take(Self.unwrapInboundIn(data)) else { return }
            self.exchange = nil
            self.done = exchange.turn
            // A server that answers before it has the whole request will not read the rest as one.
            if exchange.canContinue, context.channel.isActive {
                self.reusable.withLock { $0 = true }
            } else {
                context.close(promise: nil)
            }
            exchange.promise.succeed(response)
        } catch {
            self.end(error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as NIOSSLError where self.isOpen:
            self.end(HTTPError(.closed, "the connection broke: \(error)"))
        case is HTTPParserError:
            // The end of the connection within an answer is reported so, before the end itself.
            let isCut = (error as? HTTPParserError) == .invalidEOFState
            self.end(
                HTTPError(isCut ? .closed : .malformed, isCut ? "the answer was cut short" : "the answer is no HTTP"))
        case let error where self.isSecure && !self.isOpen && !(error is IOError):
            self.end(HTTPError(.tls, TLSFailure.text(error)))
        default:
            self.end(HTTPError(.closed, "the connection broke: \(ConnectFailure.text(error))"))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end(HTTPError(.closed, "the server closed the connection"))
        context.fireChannelInactive()
    }

    private func open() {
        self.isOpen = true
        self.opening.succeed()
    }

    /// Closes the connection; the exchange, or the wait for the connection, ends with `error`.
    private func end(_ error: HTTPError) {
        self.reusable.withLock { $0 = false }
        if self.failure == nil { self.failure = error }
        if !self.isOpen { self.opening.fail(error) }
        if let exchange = self.exchange {
            self.exchange = nil
            exchange.promise.fail(error)
        }
        self.context?.close(promise: nil)
    }
}

// MARK: Sending, and the watch over both directions

extension HTTPConnection {
    private func write(_ head: HTTPRequestHead, to context: ChannelHandlerContext) {
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        self.writeRest(to: context)
    }

    /// Writes the next piece of the body, and the one behind it when that is on its way. The end of each is progress.
    private func writeRest(to context: ChannelHandlerContext) {
        guard let exchange = self.exchange else { return }
        guard let piece = exchange.nextPiece() else {
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
            return
        }
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenSuccess {
            guard let current = self.exchange, current === exchange, let context = self.context else { return }
            exchange.lastProgress = .now()
            self.writeRest(to: context)
        }
        context.writeAndFlush(Self.wrapOutboundOut(.body(.byteBuffer(piece))), promise: sent)
    }

    /// Ends the exchange when nothing has moved for ``stall``.
    private func watch() {
        guard let exchange = self.exchange else { return }
        self.eventLoop.assumeIsolated().scheduleTask(deadline: exchange.lastProgress + self.stall) {
            guard let current = self.exchange, current === exchange else { return }
            if .now() - exchange.lastProgress >= self.stall {
                let seconds = Double(self.stall.nanoseconds) / 1e9
                self.end(HTTPError(.stalled, "the server was silent for \(seconds) s"))
            } else {
                self.watch()
            }
        }
    }
}
