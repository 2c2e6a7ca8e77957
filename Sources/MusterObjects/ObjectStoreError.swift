import Glibc
package import MusterSystem

/// An object store refused something, could not be reached, or does not hold what was asked for.
package struct ObjectStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable dotted code; programs match on it, never on the message.
    package enum Code: String, Sendable, CaseIterable {
        /// There is no object of this key.
        case missing = "objects.missing"
        /// There is no bucket or folder of this name.
        case noStore = "objects.store"
        /// The caller's keys do not allow it.
        case denied = "objects.denied"
        /// There are no credentials, they are not known, or their time is over.
        case credentials = "objects.credentials"
        /// The bucket is in another region, and the server does not say in which.
        case region = "objects.region"
        /// The clock of this machine is wrong, also after the correction by the server's.
        case clock = "objects.clock"
        /// The server could not be reached at all.
        case unreachable = "objects.unreachable"
        /// The server's certificate is not trusted, or there is no common version of TLS.
        case tls = "objects.tls"
        /// The server failed, stalled or asked for fewer calls, and went on so for as long as was waited.
        case busy = "objects.busy"
        /// The answer does not fit the protocol, or the bytes are not those that the server promised.
        case answer = "objects.answer"
        /// The key, the endpoint or a setting cannot be used.
        case invalid = "objects.invalid"
        /// Any other refusal of the server.
        case refused = "objects.refused"
        /// The object has no byte of the range that was asked for.
        case range = "objects.range"
        /// A file of this machine cannot be read or written.
        case file = "objects.file"
        /// There is no room for a file of this machine.
        case full = "objects.full"
        /// The task that asked was cancelled.
        case cancelled = "objects.cancelled"
    }

    package var code: Code
    /// The thing at fault with its place; the remedy comes last.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }

    package static let cancelled = ObjectStoreError(.cancelled, "the transfer was cancelled")
}

extension ObjectStoreError.Code {
    /// The code of a failure with a file of this machine.
    package static func ofFile(_ error: SystemError) -> Self {
        error.number == ENOSPC || error.number == EDQUOT ? .full : .file
    }
}
