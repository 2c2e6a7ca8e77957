package import FoundationEssentials

/// A server and the way to speak with it.
package struct HTTPOrigin: Sendable, Hashable, CustomStringConvertible {
    /// True for TLS.
    package var isSecure: Bool
    /// A name, or an address without brackets.
    package var host: String
    package var port: Int

    package init(isSecure: Bool, host: String, port: Int) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
    }

    /// Reads `http://HOST:PORT`; a path behind it is ignored. Nil for any other text.
    package init?(_ text: String) {
        let isSecure: Bool
        if text.hasPrefix("https://") {
            isSecure = true
        } else if text.hasPrefix("http://") {
            isSecure = false
        } else {
            return nil
        }
        let authority = text.dropFirst(isSecure ? 8 : 7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { return nil }
        var host = authority[...]
        var port: Substring?
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty else { return nil }
        self.init(isSecure: isSecure, host: String(host), port: isSecure ? 443 : 80)
        if let port {
            guard let number = Int(port), (1...65535).contains(number) else { return nil }
            self.port = number
        }
    }

    /// The value of the `Host` header: without the port that the scheme means anyway.
    package var authority: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port == (self.isSecure ? 443 : 80) ? host : "\(host):\(self.port)"
    }

    package var description: String { "\(self.isSecure ? "https" : "http")://\(self.authority)" }
}

/// A header. Names are compared without regard to case.
package struct HTTPField: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A request, complete but for `Host` (unless it is given) and `Content-Length`.
package struct HTTPRequest: Sendable {
    package var method: String
    /// Path and query, encoded as they are sent.
    package var target: String
    package var headers: [HTTPField]
    package var body: Data

    package init(_ method: String, _ target: String, headers: [HTTPField] = [], body: Data = Data()) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }
}

/// The beginning of an answer.
package struct HTTPHead: Sendable {
    package let status: Int
    package let headers: [HTTPField]

    package init(status: Int, headers: [HTTPField]) {
        self.status = status
        self.headers = headers
    }

    /// The first header of this name.
    package subscript(_ name: String) -> String? {
        self.headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// An answer.
package struct HTTPResponse: Sendable {
    package let head: HTTPHead
    /// Empty where a receiver has taken it.
    package let body: Data

    package init(head: HTTPHead, body: Data) {
        self.head = head
        self.body = body
    }
}

/// Takes an answer's body piece by piece. It is called on the connection's thread, which reads nothing more until it
/// returns: the sender is held back by a slow disk.
package protocol HTTPReceiver: Sendable {
    /// False when the body is to be collected instead, as an error's.
    func takes(_ head: HTTPHead) -> Bool
    /// An error ends the exchange.
    func receive(_ piece: UnsafeRawBufferPointer) throws
}
