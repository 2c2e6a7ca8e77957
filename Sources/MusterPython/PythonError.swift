internal import MusterModel
internal import MusterProcess

/// A Python environment could not be made. The message is for a person: what is wrong, and what can be done.
package struct PythonError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// There is no Python at all, or not the one that was asked for.
        case noInterpreter = "python.interpreter"
        /// A text is not a requirement.
        case requirement = "python.requirement"
        /// The packages do not exist, do not fit together, or cannot be built.
        case resolution = "python.resolution"
        /// The packages could not be fetched.
        case network = "python.network"
        /// uv is missing and could not be installed.
        case tool = "python.uv"
        /// The cache cannot be read or written.
        case storage = "python.cache"
        case cancelled = "python.cancelled"
    }

    package var code: Code
    package var message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}

extension PythonError {
    /// The error of a failed tool, classified by its last lines; `subject` names the attempted action.
    static func tool(_ subject: String, outcome: ProcessOutcome) -> PythonError {
        let text = String(decoding: outcome.standardError, as: UTF8.self)
        let lines = text.split(separator: "\n").suffix(15).joined(separator: "\n")
        let explanation = lines.isEmpty ? "it ended with \(outcome.status) and said nothing" : lines
        // 28 is ENOSPC and 122 EDQUOT; the tools name the number beside the text.
        if text.contains("os error 28") || text.contains("Errno 28") || text.contains("os error 122") {
            return PythonError(
                code: .storage,
                message: "\(subject) failed because the disk is full; make room and try again\n\(explanation)")
        }
        let isUnreachable = [
            "dns error", "error sending request", "Failed to fetch", "Network connectivity is disabled",
            "NewConnectionError",
        ]
        .contains { text.contains($0) }
        guard isUnreachable else {
            return PythonError(code: .resolution, message: "\(subject) failed:\n\(explanation)")
        }
        return PythonError(
            code: .network,
            message:
                "\(subject) failed because a package index could not be reached; check the network, or name a folder of wheels in PIP_FIND_LINKS\n\(explanation)"
        )
    }

    /// The same error with a sentence added.
    func adding(_ note: String?) -> PythonError {
        var error = self
        if let note { error.message += "\n\(note)" }
        return error
    }

    /// Converts any error of running a tool.
    static func running(_ subject: String, error: any Error) -> PythonError {
        if error is CancellationError { return PythonError(code: .cancelled, message: "\(subject) was cancelled") }
        return PythonError(code: .tool, message: "\(subject) failed: \(error)")
    }
}
