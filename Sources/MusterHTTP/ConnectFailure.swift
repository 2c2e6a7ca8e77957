import MusterSystem
import NIOCore
import NIOPosix

/// The reason for a failed connection, without the types of the library.
enum ConnectFailure {
    static func text(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return self.text(first.error) }
            return "no address is known for \(error.host)"
        case let error as IOError:
            return SystemError.text(error.errnoCode)
        case ChannelError.connectTimeout:
            return "no answer in time"
        default:
            return "\(error)"
        }
    }
}
