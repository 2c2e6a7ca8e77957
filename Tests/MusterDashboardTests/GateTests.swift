import Testing

@testable import MusterDashboard

@Suite struct GateTests {
    private let loopback = Gate(host: "127.0.0.1", port: 8080, token: nil)

    private func decision(
        _ gate: Gate, _ authority: String?, origin: String? = nil, cookies: String? = nil, token: String? = nil
    ) -> Gate.Decision {
        gate.decision(
            for: Gate.Credentials(authority: authority, origin: origin, cookies: cookies, token: token))
    }

    private func isRefused(_ decision: Gate.Decision) -> Bool {
        if case .refused = decision { true } else { false }
    }

    @Test(
        "On loopback every name of this machine for itself opens the page",
        arguments: ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
    func loopback(authority: String) {
        #expect(self.decision(self.loopback, authority) == .open)
        #expect(self.decision(self.loopback, authority, origin: "http://\(authority)") == .open)
    }

    @Test(
        "A name that was pointed here, another port and no name are refused",
        arguments: ["evil.example:8080", "127.0.0.1:8081", "127.0.0.1", "localhost.evil.example:8080", "", nil])
    func foreignHost(authority: String?) {
        #expect(self.isRefused(self.decision(self.loopback, authority)))
    }

    @Test(
        "A page from elsewhere is refused, a sandboxed one and one of another port among them",
        arguments: [
            "http://evil.example", "null", "http://127.0.0.1:8081", "https://127.0.0.1:8080", "http://localhost:8080",
            "",
        ])
    func foreignOrigin(origin: String) {
        #expect(self.isRefused(self.decision(self.loopback, "127.0.0.1:8080", origin: origin)))
    }

    @Test("Elsewhere the token comes with the address once, and as a cookie from then on")
    func token() {
        let gate = Gate(host: "10.0.0.5", port: 8080, token: "secret")
        let name = "10.0.0.5:8080"
        #expect(self.isRefused(self.decision(gate, name)))
        #expect(self.decision(gate, name, token: "secret") == .keepToken)
        #expect(self.isRefused(self.decision(gate, name, token: "Secret")))
        #expect(self.isRefused(self.decision(gate, name, token: "secre")))
        #expect(self.isRefused(self.decision(gate, name, token: "")))
        #expect(self.decision(gate, name, cookies: "a=b; muster-8080=secret; c=d") == .open)
        #expect(self.isRefused(self.decision(gate, name, cookies: "muster-8081=secret; xmuster-8080=secret")))
        #expect(self.isRefused(self.decision(gate, name, origin: "http://evil.example", cookies: "muster-8080=secret")))
        #expect(self.isRefused(self.decision(gate, "evil.example:8080", cookies: "muster-8080=secret")))
    }

    @Test("A wildcard is called by any name, for the token decides", arguments: ["0.0.0.0", "::"])
    func wildcard(host: String) {
        let gate = Gate(host: host, port: 80, token: "t")
        #expect(self.decision(gate, "node7.example", cookies: "muster-80=t") == .open)
        #expect(self.isRefused(self.decision(gate, "node7.example")))
        #expect(self.isRefused(self.decision(gate, "node7.example", origin: "http://x", cookies: "muster-80=t")))
    }

    @Test("Only this machine's own addresses are loopback")
    func isLoopback() {
        for host in ["127.0.0.1", "127.8.9.1", "localhost", "::1"] { #expect(Gate.isLoopback(host)) }
        for host in ["0.0.0.0", "::", "10.0.0.1", "127.evil.example", "localhost.example", ""] {
            #expect(!Gate.isLoopback(host))
        }
    }
}
