import Foundation
import MusterBackends
import MusterHTTP
import MusterModel
import Synchronization

/// Asks a cluster's API server. Every request has a fixed name, so that each can be repeated: those that may pass are, a few
/// times, with pauses that grow.
package final class KubernetesClient: Sendable {
    /// Requests in all for one question.
    private static let tries = 4
    /// The same for a right that this program has had: a server that has just started does not know its users for a moment.
    private static let triesOfRight = 6
    /// Seconds that are waited before the second one; each further one waits twice as long.
    private static let pause = 0.25
    /// The longest wait that a server may wish for.
    private static let longestPause = 30.0
    /// A watch hears a bookmark once a minute at least.
    private static let watchSilence = 100.0

    package let access: KubernetesAccess
    private let keeper: CredentialKeeper
    private let pace = RequestPace()
    /// The server has carried out a request.
    private let wasAllowed = Mutex(false)
    /// Connections of the certificate in use. Those of watches wait longer for a word.
    private let connections: Mutex<(identity: HTTPTrust.Identity?, requests: HTTPClient, watches: HTTPClient)>

    package init(_ access: KubernetesAccess) {
        self.access = access
        let start = ContinuousClock.now
        self.keeper = CredentialKeeper(access.credential) { start.duration(to: .now) / .seconds(1) }
        self.connections = Mutex(
            (
                access.trust.identity, Self.client(access, access.trust.identity, stall: 20),
                Self.client(access, access.trust.identity, stall: Self.watchSilence)
            ))
    }

    private static func client(
        _ access: KubernetesAccess, _ identity: HTTPTrust.Identity?, stall: Double
    ) -> HTTPClient {
        var trust = access.trust
        trust.identity = identity
        return HTTPClient(
            trust: trust, proxies: access.proxies, timing: HTTPTiming(connect: 10, stall: stall, idle: 25))
    }

    /// Asks, and repeats what may pass.
    /// - Parameters:
    ///   - path: Such as `/api/v1/namespaces/default/pods`.
    ///   - body: The object that is sent.
    func send(
        _ method: String, _ path: String, _ query: [(String, String)] = [], body: JSONValue? = nil
    ) async throws(KubernetesError) -> Data {
        let request = Request(method: method, path: path, query: query, body: body)
        var delay = Self.pause
        var number = 1
        while true {
            let result = await self.once(request)
            guard case .failure(let error) = result, number < self.tries(of: error), !Task.isCancelled else {
                if case .success = result { self.wasAllowed.withLock { $0 = true } }
                return try result.get()
            }
            let wait = min(Self.longestPause, max(error.retryAfter ?? 0, delay * Double.random(in: 0.5...1.5)))
            // Cancelled, the next request fails at once.
            try? await Task.sleep(for: .seconds(wait))
            delay *= 2
            number += 1
        }
    }

    private func tries(of error: KubernetesError) -> Int {
        if error.mayPass { return Self.tries }
        return error.isDenial && self.wasAllowed.withLock { $0 } ? Self.triesOfRight : 1
    }

    /// Hears of changes until the server ends the answer. It is asked once, and nothing is repeated.
    /// - Parameter line: Called for each line, on the connection's thread.
    func watch(
        _ path: String, _ query: [(String, String)], line: @escaping @Sendable (Data) throws -> Void
    ) async throws(KubernetesError) {
        let request = Request(method: "GET", path: path, query: query, body: nil)
        _ = try await self.once(request, LineReceiver(line)).get()
    }

    private struct Request {
        var method: String
        var path: String
        var query: [(String, String)]
        var body: JSONValue?
    }

    private func once(_ request: Request, _ receiver: LineReceiver? = nil) async -> Result<Data, KubernetesError> {
        if receiver == nil { await self.pace.turn() }
        let first = await self.proof()
        guard case .success(let proof) = first else { return first.map { _ in Data() } }
        let result = await self.once(request, receiver, proof)
        guard case .failure(let error) = result, error.status == 401 else { return result }
        // The token has ended a moment ago; the one that is told now may be another.
        let second = await self.proof(besides: proof)
        guard case .success(let other) = second, other != proof else { return result }
        return await self.once(request, receiver, other)
    }

    private func proof(
        besides refused: CredentialKeeper.Proof? = nil
    ) async -> Result<CredentialKeeper.Proof, KubernetesError> {
        do throws(BackendError) {
            return .success(try await self.keeper.proof(besides: refused))
        } catch {
            return .failure(KubernetesError(status: error.isTransient ? nil : 401, reason: "", message: error.message))
        }
    }

    private func once(
        _ request: Request, _ receiver: LineReceiver?, _ proof: CredentialKeeper.Proof
    ) async -> Result<Data, KubernetesError> {
        var headers = [HTTPField("Accept", "application/json"), HTTPField("User-Agent", "muster")]
        if let authorization = proof.authorization { headers.append(HTTPField("Authorization", authorization)) }
        var body = Data()
        if let object = request.body {
            do {
                body = try object.data()
            } catch {
                return .failure(
                    KubernetesError(status: 400, reason: "", message: "the request cannot be written: \(error)"))
            }
            headers.append(HTTPField("Content-Type", "application/json"))
        }
        let target = self.access.path + request.path + Self.text(of: request.query)
        let client = self.client(proof, isWatch: receiver != nil)
        do throws(HTTPError) {
            let response = try await client.send(
                HTTPRequest(request.method, target, headers: headers, body: body), to: self.access.server,
                receiver: receiver)
            return Self.result(response)
        } catch {
            return .failure(
                KubernetesError(
                    status: nil, reason: "", message: "the API server \(self.access.server) cannot be asked: \(error)"))
        }
    }

    private func client(_ proof: CredentialKeeper.Proof, isWatch: Bool) -> HTTPClient {
        let identity = proof.identity ?? self.access.trust.identity
        return self.connections.withLock { connections in
            if connections.identity != identity {
                connections = (
                    identity, Self.client(self.access, identity, stall: 20),
                    Self.client(self.access, identity, stall: Self.watchSilence)
                )
            }
            return isWatch ? connections.watches : connections.requests
        }
    }

    private static func result(_ response: HTTPResponse) -> Result<Data, KubernetesError> {
        let status = response.head.status
        guard !(200..<300).contains(status) else { return .success(response.body) }
        let told = try? JSONDecoder().decode(APIStatus.self, from: response.body)
        let text = told?.message ?? String(decoding: response.body.prefix(300), as: UTF8.self)
        let header = response.head["Retry-After"].flatMap { Double($0) }
        return .failure(
            KubernetesError(
                status: status, reason: told?.reason ?? "",
                message: text.isEmpty ? "the API server answers \(status)" : text,
                retryAfter: header ?? told?.details?.retryAfterSeconds.map(Double.init)))
    }

    private static func text(of query: [(String, String)]) -> String {
        guard !query.isEmpty else { return "" }
        return "?" + query.map { "\($0.0)=\(self.encoded($0.1))" }.joined(separator: "&")
    }

    /// Percent encoding of all but letters, digits and `-._~`.
    static func encoded(_ text: String) -> String {
        var allowed = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "\u{0}"..."\u{7f}"))
        allowed.insert(charactersIn: "-._~")
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? text
    }
}

/// Cuts an answer into its lines.
private final class LineReceiver: HTTPReceiver {
    /// Bytes of a line that nobody sends in earnest.
    private static let longest = 16 << 20

    private struct TooLong: Error, CustomStringConvertible {
        var description: String { "a line of the API server's answer does not end" }
    }

    private let rest = Mutex(Data())
    private let line: @Sendable (Data) throws -> Void

    init(_ line: @escaping @Sendable (Data) throws -> Void) { self.line = line }

    func takes(_ head: HTTPHead) -> Bool { head.status == 200 }

    func receive(_ piece: UnsafeRawBufferPointer) throws {
        let lines = try self.rest.withLock { rest in
            rest.append(contentsOf: piece)
            guard let last = rest.lastIndex(of: 0x0a) else {
                if rest.count > Self.longest { throw TooLong() }
                return Data()
            }
            let whole = Data(rest[...last])
            rest = Data(rest[rest.index(after: last)...])
            return whole
        }
        for line in lines.split(separator: 0x0a) { try self.line(Data(line)) }
    }
}
