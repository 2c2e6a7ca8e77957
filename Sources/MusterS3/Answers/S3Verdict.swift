import MusterAWS
import MusterHTTP
import MusterObjects

/// The meaning of an answer for the request: done, again, again in another way, or never. Pure.
enum S3Verdict: Sendable, Hashable {
    /// The answer is one that the caller understands.
    case done
    /// It may pass: repeat the request after a pause.
    case again
    /// The bucket is in this region.
    case region(String)
    /// The clock is wrong; `Date` tells by how much.
    case clock
    /// The keys' time is over: fetch new ones.
    case expired
    case fail(ObjectStoreError.Code)

    private static let passing: Set<String> = [
        "SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "OperationAborted", "BadDigest",
        "XAmzContentSHA256Mismatch", "RequestLimitExceeded", "Throttling", "ThrottlingException",
        "TooManyRequestsException",
        "RequestThrottled", "BandwidthLimitExceeded", "IncompleteBody", "ConditionalRequestConflict",
        "TemporaryRedirect",
    ]
    private static let ended: Set<String> = [
        "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired",
    ]
    private static let unknownKeys: Set<String> = [
        "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId", "NotSignedUp",
    ]

    /// - Parameters:
    ///   - fault: The body of an error; with status 200 too, where S3 notices a failure after it has begun to answer.
    ///   - accepted: Statuses that the caller understands, besides 2xx.
    static func of(_ head: HTTPHead, _ fault: XMLFault?, accepting accepted: Set<Int>) -> S3Verdict {
        let code = fault?.code ?? ""
        if fault == nil, (200..<300).contains(head.status) { return .done }
        if let verdict = self.ofCode(code, head, fault) { return verdict }
        if accepted.contains(head.status), head.status != 200 { return .done }
        switch head.status {
        // 307: a new bucket that not all servers know yet. 409: a conflict with another writer that is being settled.
        case 200, 307, 408, 409, 425, 429, 500, 502, 503, 504: return .again
        case 301: return head["x-amz-bucket-region"].map(S3Verdict.region) ?? .fail(.region)
        // An answer to HEAD has no body, so the region's header is all there is.
        case 400: return head["x-amz-bucket-region"].map(S3Verdict.region) ?? .fail(.refused)
        case 401, 403: return .fail(.denied)
        case 404: return .fail(.missing)
        case 505...: return .again
        default: return .fail(.refused)
        }
    }

    private static func ofCode(_ code: String, _ head: HTTPHead, _ fault: XMLFault?) -> S3Verdict? {
        if self.passing.contains(code) { return .again }
        if self.ended.contains(code) { return .expired }
        if self.unknownKeys.contains(code) { return .fail(.credentials) }
        switch code {
        case "RequestTimeTooSkewed": return .clock
        case "NoSuchBucket": return .fail(.noStore)
        case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
            "IncorrectEndpoint":
            let region = head["x-amz-bucket-region"] ?? fault?.region
            return region.flatMap { $0.isEmpty ? nil : .region($0) } ?? .fail(.region)
        default: return nil
        }
    }
}
