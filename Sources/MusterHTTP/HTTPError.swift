/// An exchange that came to no answer.
package struct HTTPError: Error, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// No connection could be made: no such host, nobody listens, no way there. The request was not sent.
        case connect
        /// No agreement on TLS, or a certificate that is not trusted. The request was not sent.
        case tls
        /// The connection ended before the answer did. The server may have done what was asked.
        case closed
        /// Nothing moved for as long as is waited. The server may have done what was asked.
        case stalled
        /// The answer is no HTTP/1.1.
        case malformed
        /// The receiver threw ``HTTPError/cause``.
        case receiver
        /// The task was cancelled.
        case cancelled
    }

    package let kind: Kind
    package let message: String
    package let cause: (any Error)?

    package init(_ kind: Kind, _ message: String, cause: (any Error)? = nil) {
        self.kind = kind
        self.message = message
        self.cause = cause
    }

    package var description: String { self.message }
}
