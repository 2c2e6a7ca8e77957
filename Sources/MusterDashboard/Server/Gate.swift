/// Decides which requests are answered at all. Pure.
///
/// A page elsewhere can have its name point to this machine (DNS rebinding), and can send requests here that carry the
/// cookies of this page; neither can write the headers `Host` and `Origin` as it likes.
struct Gate: Sendable {
    /// The names by which the server may be called, with its port.
    let authorities: Set<String>
    /// The cookie or the token that a request has to bring; nil when none is needed.
    let token: String?
    let cookieName: String
    /// The parameter of the address that brings the token.
    static let tokenParameter = "token"

    enum Decision: Equatable {
        case open
        /// The token came with the address: it is kept as a cookie, and the address goes on without it.
        case keepToken
        case refused(String)
    }

    /// The parts of a request on which the decision rests.
    struct Credentials {
        /// The header `Host`.
        var authority: String?
        /// The header `Origin`.
        var origin: String?
        /// The header `Cookie`.
        var cookies: String?
        /// The parameter `token` of the address.
        var token: String?
    }

    /// - Parameters:
    ///   - host: The address that is served; with a wildcard, any `Host` may call it, for the token decides.
    init(host: String, port: Int, token: String?) {
        let shown = host.contains(":") ? "[\(host)]" : host
        var names: Set<String> = [shown]
        if Self.isLoopback(host) { names.formUnion(["localhost", "127.0.0.1", "[::1]"]) }
        self.authorities = Self.isWildcard(host) ? [] : Set(names.map { "\($0):\(port)" } + (port == 80 ? names : []))
        self.token = token
        // Cookies of one host go to all of its ports.
        self.cookieName = "muster-\(port)"
    }

    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    }

    static func isWildcard(_ host: String) -> Bool { host == "0.0.0.0" || host == "::" }

    func decision(for request: Credentials) -> Decision {
        guard let authority = request.authority, self.authorities.isEmpty || self.authorities.contains(authority) else {
            return .refused(
                "this server is not called \(request.authority ?? "so"); open \(self.authorities.sorted().first.map { "http://\($0)/" } ?? "the address that it printed")"
            )
        }
        if let origin = request.origin, origin != "http://\(authority)" {
            return .refused("a page of \(origin) may not ask this server")
        }
        guard let token else { return .open }
        if self.cookie(in: request.cookies).map({ Self.areEqual($0, token) }) == true { return .open }
        if let given = request.token, Self.areEqual(given, token) { return .keepToken }
        return .refused("open the address that `muster ui` printed: the token in it is missing here")
    }

    private func cookie(in header: String?) -> String? {
        header?.split(separator: ";").map { $0.drop { $0 == " " } }
            .first { $0.hasPrefix("\(self.cookieName)=") }.map { String($0.dropFirst(self.cookieName.count + 1)) }
    }

    /// Compares all bytes, so that the time it takes does not tell how many are right.
    private static func areEqual(_ text: String, _ other: String) -> Bool {
        let (left, right) = (Array(text.utf8), Array(other.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
