import HTTPTypes
import Hummingbird

/// Lets ``Gate`` decide, and sends the policy with every answer.
struct GateMiddleware<Context: RequestContext>: RouterMiddleware {
    let gate: LateGate

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await self.answer(request, context, next)
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[Self.referrerPolicy] = "no-referrer"
        response.headers[Self.openerPolicy] = "same-origin"
        if response.headers[.contentSecurityPolicy] == nil { response.headers[.contentSecurityPolicy] = Self.policy }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
    }

    private func answer(
        _ request: Request, _ context: Context, _ next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        // A query that cannot be read brings no token.
        let credentials = Gate.Credentials(
            authority: request.head.authority, origin: request.headers[.origin], cookies: request.headers[.cookie],
            token: (try? Query(request))?.text(Gate.tokenParameter))
        guard let gate = self.gate.current else { return Response(status: .serviceUnavailable) }
        switch gate.decision(for: credentials) {
        case .open:
            do {
                return try await next(request, context)
            } catch {
                return Answer.failure(error)
            }
        case .keepToken:
            let cookie = "\(gate.cookieName)=\(gate.token ?? ""); Path=/; HttpOnly; SameSite=Strict"
            return Response(status: .seeOther, headers: [.location: request.uri.path, .setCookie: cookie])
        case .refused(let reason):
            return Answer.failure(DashboardError(.refused, reason))
        }
    }

    /// The Content-Security-Policy of the page: it loads from its own server alone, and nothing inline.
    private static var policy: String {
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }
    private static var referrerPolicy: HTTPField.Name { HTTPField.Name("Referrer-Policy")! }
    private static var openerPolicy: HTTPField.Name { HTTPField.Name("Cross-Origin-Opener-Policy")! }
}
