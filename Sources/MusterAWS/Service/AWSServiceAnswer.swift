import FoundationEssentials
import MusterHTTP

/// The meaning of a service's answer in JSON: done, again, again in another way, or never. Pure.
enum AWSServiceAnswer: Sendable, Hashable {
    case done
    /// The clock is wrong; `Date` tells by how much.
    case clock(Fault)
    /// The keys' time is over: fetch new ones.
    case expired(Fault)
    case throttled(Fault)
    case failed(Fault)
    case denied(Fault)
    case refused(Fault)

    /// AWS's name of an error, and its sentence.
    struct Fault: Sendable, Hashable {
        var code: String
        var message: String
    }

    private struct Body: Decodable {
        let type: String?
        let code: String?
        let message: String?
        let capitalMessage: String?

        enum CodingKeys: String, CodingKey {
            case type = "__type"
            case code, message
            case capitalMessage = "Message"
        }
    }

    private static let throttling: Set<String> = [
        "TooManyRequestsException", "ThrottlingException", "Throttling", "ThrottledException", "RequestLimitExceeded",
        "RequestThrottled", "LimitExceededException",
    ]
    private static let ended: Set<String> = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"]
    private static let denials: Set<String> = [
        "UnrecognizedClientException", "InvalidSignatureException", "SignatureDoesNotMatch", "AccessDeniedException",
        "AccessDenied", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature",
        "IncompleteSignatureException", "InvalidClientTokenId", "InvalidAccessKeyId", "AuthFailure",
        "UnauthorizedOperation", "NotAuthorized", "OptInRequired", "InvalidToken",
    ]

    init(_ head: HTTPHead, _ body: Data) {
        guard !(200..<300).contains(head.status) else {
            self = .done
            return
        }
        let fault = Self.fault(head, body)
        let isOfTime =
            fault.code == "RequestTimeTooSkewed"
            || fault.code == "InvalidSignatureException"
                && (fault.message.contains("Signature expired") || fault.message.contains("not yet current"))
        if isOfTime {
            self = .clock(fault)
        } else if Self.ended.contains(fault.code) {
            self = .expired(fault)
        } else if head.status >= 500 || head.status == 408 {
            // Whatever its name: a service that failed may have done what was asked.
            self = .failed(fault)
        } else if head.status == 429 || Self.throttling.contains(fault.code) {
            self = .throttled(fault)
        } else if Self.denials.contains(fault.code) || head.status == 401 || head.status == 403 {
            self = .denied(fault)
        } else {
            self = .refused(fault)
        }
    }

    /// The name stands in a header or in the body, with a namespace before `#` and an address behind `:`.
    private static func fault(_ head: HTTPHead, _ body: Data) -> Fault {
        // A body that is not JSON is a proxy's, and shown as it is.
        let parsed = try? JSONDecoder().decode(Body.self, from: body)
        let name = head["x-amzn-ErrorType"] ?? parsed?.type ?? parsed?.code ?? ""
        let code = name.split(separator: ":").first?.split(separator: "#").last.map(String.init) ?? ""
        let message = parsed?.message ?? parsed?.capitalMessage ?? String(decoding: body.prefix(300), as: UTF8.self)
        return Fault(code: code, message: message.split(whereSeparator: \.isNewline).joined(separator: " "))
    }
}
