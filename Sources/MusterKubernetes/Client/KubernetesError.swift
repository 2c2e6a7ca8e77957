import MusterBackends

/// The API server refused something, or could not be asked.
struct KubernetesError: Error, Hashable, CustomStringConvertible {
    /// HTTP's status; nil when there was no answer.
    var status: Int?
    /// The server's word: `AlreadyExists`, `Forbidden`, `Expired`.
    var reason: String
    var message: String
    /// Seconds after which the server would like to be asked again.
    var retryAfter: Double?

    var description: String { self.message }

    /// The same request may succeed a moment later.
    var mayPass: Bool {
        guard let status else { return true }
        return status == 408 || status == 429 || status >= 500
    }

    /// The server does not know this user, or says that the user has not the right.
    var isDenial: Bool { self.status == 401 || self.status == 403 && self.message.contains(" cannot ") }

    var backendError: BackendError {
        switch self.status {
        case nil: BackendError(code: .unreachable, message: self.message, isTransient: true)
        case 429?, 503?, 504?: BackendError(code: .busy, message: self.message, isTransient: true)
        case let status? where status >= 500 || status == 408:
            BackendError(code: .unreachable, message: self.message, isTransient: true)
        // A quota may have room later.
        case 403? where self.message.contains("exceeded quota"):
            BackendError(code: .busy, message: self.message, isTransient: true)
        case 409?: BackendError(code: .busy, message: self.message, isTransient: true)
        case 401?:
            BackendError(
                code: .refused,
                message: "\(self.message); the credentials of kubectl's configuration are not, or no longer, valid",
                isTransient: false)
        default: BackendError(code: .refused, message: self.message, isTransient: false)
        }
    }
}

/// The object that the API server explains a refusal with
/// (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/).
struct APIStatus: Decodable, Sendable {
    var message: String?
    var reason: String?
    var code: Int?
    var details: Details?

    struct Details: Decodable, Sendable { var retryAfterSeconds: Int? }
}
