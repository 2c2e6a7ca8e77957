import Foundation
import HTTPTypes
import Hummingbird
import MusterHistory
import MusterMetadata
import MusterStore
import NIOCore

/// Makes answers.
enum Answer {
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Self.text(try JSONText.line(value), type: "application/json", status: status)
    }

    static func text(_ text: String, type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private struct Failure: Encodable {
        struct Cause: Encodable {
            let code: String
            let message: String
        }

        let error: Cause
    }

    /// The answer to a request that failed.
    static func failure(_ error: any Error) -> Response {
        let (status, code, message) = Self.explanation(of: error)
        // Two texts are always encoded.
        let body = try? Self.json(Failure(error: Failure.Cause(code: code, message: message)), status: status)
        return body ?? Response(status: status)
    }

    private static func explanation(of error: any Error) -> (HTTPResponse.Status, code: String, message: String) {
        switch error {
        case let error as DashboardError: (error.status, error.code.rawValue, error.message)
        case let error as HistoryError:
            switch error.code {
            case .missing: (.notFound, error.code.rawValue, error.message)
            case .name: (.badRequest, error.code.rawValue, error.message)
            case .store: (.internalServerError, error.code.rawValue, error.message)
            }
        case let error as MetadataError where error.code == .missing: (.notFound, error.code.rawValue, error.message)
        case let error as MetadataError: (.internalServerError, error.code.rawValue, error.message)
        case let error as StoreError: (.internalServerError, error.code.rawValue, "\(error)")
        case let error as HTTPError where error.status == .notFound:
            (.notFound, DashboardError.Code.missing.rawValue, "nothing has this address")
        case let error as HTTPError:
            (error.status, DashboardError.Code.request.rawValue, error.body ?? "\(error.status)")
        default: (.internalServerError, "server.error", "\(error)")
        }
    }
}
