import HTTPTypes
import Hummingbird

/// Routes of which each knows one method; the others are answered with 405 and the one that is known.
struct ResourceRoutes {
    typealias Handler = @Sendable (Request, BasicRequestContext) async throws -> Response

    let group: RouterGroup<BasicRequestContext>

    func get(_ path: String, _ handler: @escaping Handler) {
        self.add(path, .get, handler)
        self.refuse(path, allowed: [.get, .head])
    }

    func post(_ path: String, _ handler: @escaping Handler) {
        self.add(path, .post, handler)
        self.refuse(path, allowed: [.post])
    }

    private func add(_ path: String, _ method: HTTPRequest.Method, _ handler: @escaping Handler) {
        self.group.on(RouterPath(path), method: method, use: handler)
    }

    private func refuse(_ path: String, allowed: [HTTPRequest.Method]) {
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        for method in Self.methods where !allowed.contains(method) {
            self.add(path, method) { _, _ in
                var response = Answer.failure(DashboardError(.method, "this address takes \(names) alone"))
                response.headers[.allow] = names
                return response
            }
        }
    }

    private static let methods =
        [.get, .head, .post, .put, .patch, .delete, .options, .trace, .connect]
        + [HTTPRequest.Method("QUERY")].compactMap { $0 }
}
