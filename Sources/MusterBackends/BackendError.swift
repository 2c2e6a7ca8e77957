/// A place refused something, could not be reached, or can never do what was asked.
public struct BackendError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable dotted code; programs match on it, never on the message.
    public enum Code: String, Codable, Sendable, CaseIterable {
        /// An option of the place is wrong or fights one that Muster sets: the flow has to change.
        case options = "backend.options"
        /// The place understood the request and will never run it: no such partition, account or image.
        case refused = "backend.refused"
        /// The place's command, library or service is not there, or of a version that does not fit.
        case missing = "backend.missing"
        /// The place did not answer, or not in time. Nothing is known about what it did.
        case unreachable = "backend.unreachable"
        /// It asked for fewer calls, or is full for now.
        case busy = "backend.busy"
        /// It answered something that does not fit the protocol.
        case answer = "backend.answer"
        /// Something of this machine failed: a folder, a process.
        case machine = "backend.machine"
    }

    public let code: Code
    /// One sentence that names the thing at fault; the remedy comes last.
    public let message: String
    /// True when the same call can succeed later.
    public let isTransient: Bool

    public init(code: Code, message: String, isTransient: Bool) {
        self.code = code
        self.message = message
        self.isTransient = isTransient
    }

    package init(message: String, isTransient: Bool) {
        self.init(code: isTransient ? .machine : .refused, message: message, isTransient: isTransient)
    }

    public var description: String { self.message }
}
