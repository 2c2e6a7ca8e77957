import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// The server of the web view; `Documentation/WebView.md` is the contract.
package struct DashboardServer: Sendable {
    private let dashboard: Dashboard
    private let options: DashboardOptions
    /// Drawn at the start; nil on loopback, where none is needed.
    private let token: String?

    /// - Parameter store: The store that is shown.
    package init(_ store: any DashboardStore, _ options: DashboardOptions) {
        self.dashboard = Dashboard(store)
        self.options = options
        self.token = Gate.isLoopback(options.host) ? nil : Self.drawToken()
    }

    /// Serves until the task is cancelled.
    /// - Parameter onListening: Gets the address to open, once it can be.
    /// - Throws: `IOError` when the address cannot be served.
    package func run(onListening: @escaping @Sendable (String) -> Void) async throws {
        let gate = LateGate()
        let (host, token) = (self.options.host, self.token)
        let application = Application(
            router: self.router(gate),
            configuration: ApplicationConfiguration(address: .hostname(host, port: self.options.port)),
            onServerRunning: { channel in
                // No connection is taken before this returns.
                let port = channel.localAddress?.port ?? 0
                gate.set(Gate(host: host, port: port, token: token))
                onListening(Self.address(host, port, token))
            },
            logger: Logger(label: "muster.ui") { _ in SwiftLogNoOpLogHandler() })
        try await application.run()
    }

    private func router(_ gate: LateGate) -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: GateMiddleware(gate: gate))
        let assets = Assets(folder: self.options.assets)
        router.get("") { _, _ in try assets.page() }
        // The page itself tells of addresses that it does not know.
        router.get("**") { request, _ in
            let isOther = ["/api", "/assets"].contains {
                request.uri.path == $0 || request.uri.path.hasPrefix("\($0)/")
            }
            guard !isOther else { throw DashboardError(.missing, "nothing has this address") }
            return try assets.page()
        }
        router.get("assets/:name") { _, context in try assets.response(to: context.parameters.require("name")) }
        router.get("favicon.ico") { _, _ in try assets.response(to: "favicon.svg") }
        router.get("api/openapi.json") { _, _ in try assets.response(to: "openapi.json") }
        Resources(dashboard: self.dashboard, options: self.options).add(to: router)
        return router
    }

    /// The address to open; of a wildcard this machine's own name for itself.
    private static func address(_ host: String, _ port: Int, _ token: String?) -> String {
        let name = Gate.isWildcard(host) ? "localhost" : host.contains(":") ? "[\(host)]" : host
        return "http://\(name):\(port)/" + (token.map { "?\(Gate.tokenParameter)=\($0)" } ?? "")
    }

    /// 256 bits of the system's randomness.
    private static func drawToken() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in String(generator.next() as UInt64, radix: 36) }.joined()
    }
}

/// A ``Gate`` that is made once the port is known.
final class LateGate: Sendable {
    private let gate = Mutex<Gate?>(nil)

    func set(_ gate: Gate) { self.gate.withLock { $0 = gate } }

    /// nil before the server listens.
    var current: Gate? { self.gate.withLock { $0 } }
}
