/// Keys of AWS.
package struct Credentials: Sendable, Hashable, CustomStringConvertible {
    package let accessKey: String
    package let secretKey: String
    package let sessionToken: String?
    /// Seconds since 1970; nil for keys without an end.
    package let expires: Double?
    /// The place that they come from, for messages: `the environment`.
    package let source: String

    package init(
        accessKey: String, secretKey: String, sessionToken: String? = nil, expires: Double? = nil, source: String
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.expires = expires
        self.source = source
    }

    /// Without the secrets.
    package var description: String { "\(self.accessKey) of \(self.source)" }
}
