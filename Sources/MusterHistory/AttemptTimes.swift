package import MusterModel

/// One attempt of a task as the run's events tell it.
package struct AttemptTimes: Sendable, Equatable {
    package enum End: String, Codable, Sendable {
        case succeeded, failed
        /// It was ended because the run was.
        case stopped
        /// Its engine died.
        case interrupted
    }

    /// Counted from 0.
    package let attempt: Int
    /// Unix seconds at which it was submitted.
    package let started: Double
    /// nil while it lasts.
    package internal(set) var ended: Double?
    package internal(set) var end: End?
    /// Why it failed or was stopped.
    package internal(set) var failure: TaskFailure?
}
