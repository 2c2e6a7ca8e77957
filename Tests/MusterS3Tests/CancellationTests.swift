import Foundation
import MusterHTTP
import MusterTestSupport
import Testing

@Suite struct CancellationTests {
    /// A connection goes to the next request as soon as it has its answer, and the task that had it before may be
    /// cancelled at that very moment.
    @Test("A task that is cancelled while its answer arrives does not end the next request on the connection")
    func cancelsItsOwn() async throws {
        try await ScriptedServer.with { _ in
            .answer(200, [], Data("ok".utf8))
        } _: { server in
            let origin = try #require(HTTPOrigin(server.endpoint))
            let client = HTTPClient()
            for turn in 0..<400 {
                let first = Task { try await client.send(HTTPRequest("GET", "/"), to: origin) }
                // From before it is sent until after its answer.
                try await Task.sleep(for: .microseconds(turn % 20 * 40))
                first.cancel()
                let next = Task { try await client.send(HTTPRequest("GET", "/"), to: origin) }
                do {
                    #expect(try await next.value.head.status == 200)
                } catch let error as HTTPError {
                    // A connection that is closed while it is idle is another matter: nothing was cancelled.
                    #expect(error.kind == .closed, "\(error)")
                }
                _ = await first.result
            }
        }
    }
}
