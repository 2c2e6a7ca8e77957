/// A store could not be copied, checked or pruned.
package struct UpkeepError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// There is no such run.
        case missing = "upkeep.missing"
        /// An engine moves the run.
        case busy = "upkeep.busy"
        /// Another run of the same name is there.
        case conflict = "upkeep.conflict"
        /// What a run names cannot be told, so nothing may be removed.
        case unknown = "upkeep.unknown"
    }

    package let code: Code
    /// The thing at fault; the remedy comes last.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}
