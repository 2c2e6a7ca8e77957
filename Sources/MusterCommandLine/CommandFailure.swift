import MusterBackends
import MusterEngine
import MusterHistory
import MusterMetadata
import MusterModel
import MusterObjects
import MusterProcess
import MusterStore
import MusterUpkeep

/// The exit codes of `muster`. `Documentation/CommandLine.md` is the contract.
package enum ExitReason: Int32, Sendable {
    case success = 0
    /// The run failed, or was cancelled by another command.
    case runFailed = 1
    /// Wrong arguments, a flow that breaks a rule, a wrong parameter.
    case usage = 2
    /// There is no such flow, run, task or artifact.
    case notFound = 3
    /// The store or its database cannot be read or written.
    case store = 4
    /// The output is incomplete: standard output could not be written, for example to a full disk.
    case output = 5
}

/// The failure of a verb, with its exit code.
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
        case let error as StoreError: self.init(Self.reason(error.code), error.message)
        case let error as HistoryError: self.init(Self.reason(error.code), error.message)
        case let error as MetadataError: self.init(Self.reason(error.code), error.message)
        case let error as ObjectStoreError: self.init(error.code == .invalid ? .usage : .store, error.message)
        case let error as UpkeepError: self.init(Self.reason(error.code), error.message)
        case let error as EngineError: self.init(Self.reason(error.code), error.message)
        case let error as BackendError: self.init(.usage, error.message)
        case let error as SpawnError: self.init(.usage, error.message)
        default: self.init(.runFailed, "\(error)")
        }
    }

    private static func reason(_ code: StoreError.Code) -> ExitReason {
        switch code {
        case .package, .busy: .usage
        default: .store
        }
    }

    private static func reason(_ code: MetadataError.Code) -> ExitReason {
        switch code {
        case .missing: .notFound
        case .conflict: .usage
        case .open, .corrupt, .write, .duplicate, .version, .lost: .store
        }
    }

    private static func reason(_ code: UpkeepError.Code) -> ExitReason {
        switch code {
        case .missing: .notFound
        case .busy, .conflict: .usage
        case .unknown: .store
        }
    }

    private static func reason(_ code: HistoryError.Code) -> ExitReason {
        switch code {
        case .missing: .notFound
        case .name: .usage
        case .store: .store
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

/// The end by a signal that was sent to `muster`: exit code 128 + signal, as in shells.
package struct SignalExit: Error, Sendable {
    package let signal: Int32
}
