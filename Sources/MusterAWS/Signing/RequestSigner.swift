import Crypto
import FoundationEssentials
package import MusterHTTP
import MusterSystem

/// Signs requests as AWS's Signature Version 4 says
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). Pure.
package struct RequestSigner: Sendable {
    /// The longest time that a presigned address may be valid: seven days.
    package static let longestValidity = 604_800

    package let credentials: Credentials
    package let region: String
    /// The signing name of the service: `s3`, `sts`, `batch`, `logs`.
    package let service: String

    package init(credentials: Credentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The headers of `request` with those that carry the signature. Every header that is given is signed.
    /// - Parameters:
    ///   - host: The value of the `Host` header.
    ///   - payload: The SHA-256 of the body, in hexadecimal.
    package func headers(for request: UnsignedRequest, host: String, payload: String, at time: AWSTime) -> [HTTPField] {
        var headers = request.headers
        headers.append(HTTPField("Host", host))
        headers.append(HTTPField("x-amz-date", time.stamp))
        if self.service == "s3" { headers.append(HTTPField("x-amz-content-sha256", payload)) }
        if let token = self.credentials.sessionToken { headers.append(HTTPField("x-amz-security-token", token)) }
        let canonical = CanonicalRequest(request, headers: headers, payload: payload)
        let signature = self.signature(of: canonical, at: time)
        headers.append(
            HTTPField(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=\(self.credentials.accessKey)/\(self.scope(time)),"
                    + "SignedHeaders=\(canonical.signedHeaders),Signature=\(signature)"))
        return headers
    }

    /// The query that lets anybody make `request` for `seconds`, at most ``longestValidity``, and at most for as long as
    /// the credentials are valid.
    package func presignedQuery(for request: UnsignedRequest, host: String, seconds: Int, at time: AWSTime) -> String {
        var presigned = request
        presigned.query += [
            QueryItem("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            QueryItem("X-Amz-Credential", "\(self.credentials.accessKey)/\(self.scope(time))"),
            QueryItem("X-Amz-Date", time.stamp),
            QueryItem("X-Amz-Expires", "\(min(max(1, seconds), Self.longestValidity))"),
            QueryItem("X-Amz-SignedHeaders", CanonicalRequest.names(request.headers + [HTTPField("Host", host)])),
        ]
        if let token = self.credentials.sessionToken {
            presigned.query.append(QueryItem("X-Amz-Security-Token", token))
        }
        let headers = request.headers + [HTTPField("Host", host)]
        let canonical = CanonicalRequest(presigned, headers: headers, payload: "UNSIGNED-PAYLOAD")
        return "\(PercentEncoding.query(presigned.query))&X-Amz-Signature=\(self.signature(of: canonical, at: time))"
    }

    private func scope(_ time: AWSTime) -> String { "\(time.day)/\(self.region)/\(self.service)/aws4_request" }

    private func signature(of request: CanonicalRequest, at time: AWSTime) -> String {
        let digest = Hexadecimal.text(SHA256.hash(data: Data(request.text.utf8)))
        let text = "AWS4-HMAC-SHA256\n\(time.stamp)\n\(self.scope(time))\n\(digest)"
        var key = SymmetricKey(data: Data("AWS4\(self.credentials.secretKey)".utf8))
        for part in [time.day, self.region, self.service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Data(part.utf8), using: key))
        }
        return Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key))
    }
}

/// A request before it is signed.
package struct UnsignedRequest: Sendable {
    package var method: String
    /// Encoded as it is sent.
    package var path: String
    package var query: [QueryItem]
    package var headers: [HTTPField]

    package init(method: String, path: String, query: [QueryItem] = [], headers: [HTTPField] = []) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
    }

    /// Path and query as they are sent.
    package var target: String { self.query.isEmpty ? self.path : "\(self.path)?\(PercentEncoding.query(self.query))" }
}

/// A request in the one form that both sides sign.
struct CanonicalRequest: Sendable {
    let text: String
    /// The names of the headers that are signed, with semicolons between.
    let signedHeaders: String

    init(_ request: UnsignedRequest, headers: [HTTPField], payload: String) {
        self.signedHeaders = Self.names(headers)
        let lines =
            headers
            .map { (name: $0.name.lowercased(), value: Self.trimmed($0.value)) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            .map { "\($0.name):\($0.value)\n" }
            .joined()
        self.text = """
            \(request.method)
            \(request.path)
            \(PercentEncoding.query(request.query))
            \(lines)
            \(self.signedHeaders)
            \(payload)
            """
    }

    static func names(_ headers: [HTTPField]) -> String {
        headers.map { $0.name.lowercased() }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(
            separator: ";")
    }

    /// Without spaces around it, and with one for each run of spaces within.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
}
