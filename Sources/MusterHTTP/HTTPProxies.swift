import FoundationEssentials

/// A proxy between this machine and a server.
package struct HTTPProxy: Sendable, Hashable, CustomStringConvertible {
    package let origin: HTTPOrigin
    /// `NAME:PASSWORD`, decoded; nil for a proxy that asks for none.
    let credentials: String?

    /// Reads `http://[NAME:PASSWORD@]HOST:PORT`, or `HOST:PORT`. Nil for any other text.
    package init?(_ text: String) {
        var rest = text[...]
        if let scheme = text.firstRange(of: "://") {
            guard text[..<scheme.lowerBound].lowercased() == "http" else { return nil }
            rest = text[scheme.upperBound...]
        }
        rest = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var credentials: String?
        if let at = rest.lastIndex(of: "@") {
            guard let decoded = Self.decoded(rest[..<at]) else { return nil }
            credentials = decoded
            rest = rest[rest.index(after: at)...]
        }
        guard let origin = HTTPOrigin("http://\(rest)") else { return nil }
        self.origin = origin
        self.credentials = credentials
    }

    /// Without its percent encoding; nil for a text that has none of UTF-8.
    private static func decoded(_ text: Substring) -> String? {
        let parts = text.split(separator: "%", omittingEmptySubsequences: false)
        var bytes = Array((parts.first ?? "").utf8)
        for part in parts.dropFirst() {
            guard part.utf8.count >= 2, let byte = UInt8(part.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            bytes += part.dropFirst(2).utf8
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The header that shows its credentials; nil where it asks for none.
    var authorization: HTTPField? {
        self.credentials.map { HTTPField("Proxy-Authorization", "Basic \(Data($0.utf8).base64EncodedString())") }
    }

    /// Without its credentials.
    package var description: String { "the proxy \(self.origin)" }
}

/// Which servers are reached through which proxy.
package struct HTTPProxies: Sendable, Hashable {
    private let secure: HTTPProxy?
    private let plain: HTTPProxy?
    /// Names, ends of names and addresses of servers that are reached directly.
    private let direct: [String]

    /// No proxy.
    package static let none = HTTPProxies(secure: nil, plain: nil, direct: [])

    package init(secure: HTTPProxy?, plain: HTTPProxy?, direct: [String]) {
        self.secure = secure
        self.plain = plain
        self.direct = direct.map { $0.lowercased() }
    }

    /// What the variables say that AWS's tools read: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in lower case
    /// before upper case. `NO_PROXY` holds names with commas between: a name stands for itself and for all below it, with or
    /// without a dot before it, `*` for all.
    /// - Throws: ``HTTPError`` naming a variable that holds no proxy of HTTP.
    package init(_ variable: (_ name: String) -> String?) throws(HTTPError) {
        func value(_ name: String) -> (name: String, text: String)? {
            for each in [name, name.uppercased()] {
                if let text = variable(each), !text.isEmpty { return (each, text) }
            }
            return nil
        }
        func proxy(_ name: String) throws(HTTPError) -> HTTPProxy? {
            guard let (name, text) = value(name) ?? value("all_proxy") else { return nil }
            guard let proxy = HTTPProxy(text) else {
                throw HTTPError(.connect, "the variable \(name) names no proxy such as http://host:3128")
            }
            return proxy
        }
        self.init(
            secure: try proxy("https_proxy"), plain: try proxy("http_proxy"),
            direct: (value("no_proxy")?.text ?? "").split(separator: ",").map {
                $0.trimmingPrefix { $0 == " " }.prefix { $0 != " " }.lowercased()
            })
    }

    /// The proxy for a server; nil for one that is reached directly. No proxy reaches this machine's own addresses and those
    /// of its link, at which clouds tell an instance its credentials.
    func proxy(for origin: HTTPOrigin) -> HTTPProxy? {
        let host = origin.host.lowercased()
        let isNear =
            host == "localhost" || host == "::1" || host.hasPrefix("127.") || host.hasPrefix("169.254.")
            || host.hasPrefix("fe80:") || host.hasPrefix("fd00:ec2:")
        guard !isNear, !self.direct.contains(where: { Self.covers($0, host, origin.port) }) else { return nil }
        return origin.isSecure ? self.secure : self.plain
    }

    private static func covers(_ pattern: String, _ host: String, _ port: Int) -> Bool {
        guard pattern != "*" else { return true }
        var name = pattern
        if let colon = name.lastIndex(of: ":"), name.firstIndex(of: ":") == colon {
            guard name[name.index(after: colon)...] == "\(port)" else { return false }
            name = String(name[..<colon])
        }
        if name.hasPrefix("*.") { name.removeFirst() }
        let end = name.hasPrefix(".") ? name : ".\(name)"
        return !name.isEmpty && (host == end.dropFirst() || host.hasSuffix(end))
    }
}
