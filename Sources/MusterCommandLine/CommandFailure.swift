import MusterBackends
import MusterEngine
import MusterMetadata
import MusterModel
import MusterProcess
import MusterStore

/// What the exit code of `muster` says. The page `Documentation/CommandLine.md` is the contract.
package enum ExitReason: Int32, Sendable {
    case success = 0
    /// The run failed, or was cancelled by somebody else.
    case runFailed = 1
    /// Wrong arguments, a flow that breaks a rule, a wrong parameter.
    case usage = 2
    /// There is no such flow, run, task or artifact.
    case notFound = 3
    /// The store or its database cannot be read or written.
    case store = 4
    /// What was printed has not all been written: the disk behind standard output is full.
    case output = 5
}

/// Why a verb ends, with the exit code that says so.
package struct CommandFailure: Error, Sendable, CustomStringConvertible {
    package let reason: ExitReason
    package let message: String

    package init(_ reason: ExitReason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    package var description: String { self.message }

    /// Sorts any error of the floors below into an exit code.
    package init(_ error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case let error as ParameterError: self.init(.usage, "\(error)")
        case let error as StoreError: self.init(error.code == .package ? .usage : .store, error.message)
        case let error as MetadataError: self.init(error.code == .missing ? .notFound : .store, error.message)
        case let error as EngineError: self.init(Self.reason(error.code), error.message)
        case let error as BackendError: self.init(.usage, error.message)
        case let error as SpawnError: self.init(.usage, error.message)
        default: self.init(.runFailed, "\(error)")
        }
    }

    private static func reason(_ code: EngineError.Code) -> ExitReason {
        switch code {
        case .flow, .busy, .refused: .usage
        case .missing: .notFound
        case .store, .events: .store
        }
    }
}

/// An end by a signal that somebody sent to `muster`: 128 and the signal's number, as shells say it.
package struct SignalExit: Error, Sendable {
    package let signal: Int32
}
