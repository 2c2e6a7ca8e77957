import HTTPTypes

/// A request that is not answered with what it asks for, in a sentence for a person.
package struct DashboardError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A parameter or a body has a value that it cannot have.
        case request = "request.invalid"
        /// The request comes from elsewhere, without the token, or would change what may only be read.
        case refused = "request.refused"
        /// Nothing has this address.
        case missing = "request.missing"
        /// The address takes another method.
        case method = "request.method"
        /// The run could not be ended.
        case cancel = "run.cancel"
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }

    var status: HTTPResponse.Status {
        switch self.code {
        case .request: .badRequest
        case .refused: .forbidden
        case .missing: .notFound
        case .method: .methodNotAllowed
        case .cancel: .conflict
        }
    }
}
