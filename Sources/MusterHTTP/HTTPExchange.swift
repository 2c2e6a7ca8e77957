import FoundationEssentials
import NIOCore
import NIOHTTP1

/// A request on its way and its answer so far. It belongs to its connection's event loop.
final class HTTPExchange {
    /// Bytes of a body that are handed to the socket at once: the end of each piece is a sign that something moves.
    private static let piece = 256 << 10

    let promise: EventLoopPromise<HTTPResponse>
    let turn: HTTPConnection.Turn
    var lastProgress: NIODeadline
    private let method: String
    private let receiver: (any HTTPReceiver)?
    /// The part of the request's body that is not handed to the socket yet.
    private var rest: Data
    private var isSent = false
    private var head: HTTPHead?
    private var keepsAlive = false
    private var isReceived = false
    private var body = Data()

    init(
        _ request: HTTPRequest, receiver: (any HTTPReceiver)?, promise: EventLoopPromise<HTTPResponse>,
        _ turn: HTTPConnection.Turn, at now: NIODeadline
    ) {
        self.method = request.method
        self.receiver = receiver
        self.promise = promise
        self.turn = turn
        self.rest = request.body
        self.lastProgress = now
    }

    static func head(_ request: HTTPRequest, host: String) -> HTTPRequestHead {
        var headers = HTTPHeaders()
        if !request.headers.contains(where: { $0.name.lowercased() == "host" }) {
            headers.add(name: "Host", value: host)
        }
        for field in request.headers { headers.add(name: field.name, value: field.value) }
        if !request.body.isEmpty || request.method == "PUT" || request.method == "POST" {
            headers.replaceOrAdd(name: "Content-Length", value: "\(request.body.count)")
        }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.target, headers: headers)
    }

    /// True when the connection may carry another request after this one.
    var canContinue: Bool { self.isSent && self.keepsAlive }

    func nextPiece() -> ByteBuffer? {
        guard !self.rest.isEmpty else {
            self.isSent = true
            return nil
        }
        // Copied piece by piece: a body of many mebibytes is in memory once.
        let piece = ByteBuffer(bytes: self.rest.prefix(Self.piece))
        self.rest = self.rest.dropFirst(Self.piece)
        return piece
    }

    /// Returns the answer when it is complete.
    func take(_ part: HTTPClientResponsePart) throws(HTTPError) -> HTTPResponse? {
        self.lastProgress = .now()
        switch part {
        case .head(let head):
            let fields = head.headers.map { HTTPField($0.name, $0.value) }
            let new = HTTPHead(status: Int(head.status.code), headers: fields)
            self.head = new
            self.keepsAlive = head.isKeepAlive
            self.isReceived = self.receiver?.takes(new) ?? false
        case .body(let buffer):
            try self.take(buffer)
        case .end:
            guard let head = self.head else { throw HTTPError(.malformed, "the answer has no beginning") }
            return HTTPResponse(head: head, body: self.body)
        }
        return nil
    }

    private func take(_ buffer: ByteBuffer) throws(HTTPError) {
        guard self.isReceived, let receiver = self.receiver else {
            buffer.withUnsafeReadableBytes { self.body.append(contentsOf: $0) }
            return
        }
        do {
            try buffer.withUnsafeReadableBytes { try receiver.receive($0) }
        } catch {
            throw HTTPError(.receiver, "\(error)", cause: error)
        }
    }
}
