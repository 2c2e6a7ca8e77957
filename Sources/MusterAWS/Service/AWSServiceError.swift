import MusterObjects

/// A service of AWS refused a request, or could not be asked.
package struct AWSServiceError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// The service understood the request and refused it; ``AWSServiceError/code`` tells why.
        case refused
        /// The keys are not known, their time is over, or they do not allow the call.
        case denied
        /// It asked for fewer calls, and did nothing.
        case throttled
        /// It failed or did not answer, and may have done what was asked.
        case failed
        /// It could not be reached: nothing was sent.
        case unreachable
        /// The task was cancelled.
        case cancelled
    }

    package let kind: Kind
    /// AWS's name of the error, such as `ClientException`; empty without an answer.
    package let code: String
    package let message: String

    package init(_ kind: Kind, code: String = "", _ message: String) {
        self.kind = kind
        self.code = code
        self.message = message
    }

    package var description: String { self.message }

    /// The same call can succeed later.
    package var isTransient: Bool {
        switch self.kind {
        case .throttled, .failed, .unreachable: true
        case .refused, .denied, .cancelled: false
        }
    }
}

extension AWSServiceError {
    /// An error of the search for credentials.
    init(_ error: ObjectStoreError) {
        switch error.code {
        case .unreachable: self.init(.unreachable, error.message)
        case .busy: self.init(.failed, error.message)
        case .cancelled: self.init(.cancelled, error.message)
        default: self.init(.denied, error.message)
        }
    }
}
