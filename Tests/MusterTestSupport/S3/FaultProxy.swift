package import Foundation
package import MusterHTTP
import Synchronization
package import Testing

/// Stands before a server and makes a share of all requests fail, each kind of failure in turn.
package final class FaultProxy: Sendable {
    private let origin: HTTPOrigin
    private let client = HTTPClient()
    /// The numbers of the requests and of the faults so far.
    private let counts = Mutex((requests: 0, faults: 0))
    private let every: Int

    /// - Parameter every: One request of so many fails.
    package init(before endpoint: String, every: Int) throws {
        self.origin = try #require(HTTPOrigin(endpoint))
        self.every = every
    }

    package var faults: Int { self.counts.withLock { $0.faults } }

    package func reply(to request: ScriptedServer.Request) async -> ScriptedServer.Reply {
        let fault = self.counts.withLock { counts -> Int? in
            counts.requests += 1
            // Scattered, so that no kind of request is always spared.
            guard (counts.requests &* 2_654_435_761) >> 7 % self.every == 0 else { return nil }
            counts.faults += 1
            return counts.faults
        }
        guard let fault else { return await self.forward(request) }
        switch fault % 9 {
        case 0: return .error(500, "InternalError")
        case 1: return .error(503, "SlowDown")
        case 2: return .reset
        case 3: return .silence
        case 4: return .error(503, "ServiceUnavailable")
        // The server has done what was asked, and the answer is lost.
        case 5:
            _ = await self.forward(request)
            return .reset
        case 6: return await self.cut(request, stays: false)
        case 7: return await self.cut(request, stays: true)
        default:
            guard case .answer(let status, let fields, let body) = await self.forward(request) else { return .reset }
            return .slow(0.2, status, fields, body)
        }
    }

    private func cut(_ request: ScriptedServer.Request, stays: Bool) async -> ScriptedServer.Reply {
        guard case .answer(let status, let fields, let body) = await self.forward(request), body.count > 1 else {
            return .reset
        }
        return .cut(status, fields, body, stays: stays)
    }

    private func forward(_ request: ScriptedServer.Request) async -> ScriptedServer.Reply {
        let headers = request.headers.filter { $0.name.lowercased() != "content-length" }
            .map { HTTPField($0.name, $0.value) }
        do throws(HTTPError) {
            let response = try await self.client.send(
                HTTPRequest(request.method, request.target, headers: headers, body: request.body), to: self.origin)
            return .answer(response.head.status, response.head.headers.map { ($0.name, $0.value) }, response.body)
        } catch {
            return .reset
        }
    }
}
