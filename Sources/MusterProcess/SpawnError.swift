internal import Glibc
internal import MusterSystem

/// A program could not be started. Nothing is left behind.
package struct SpawnError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Reason: Sendable, Hashable {
        case notFound
        case notExecutable
        case folderMissing
        /// The spec cannot be handed to the system: a NUL in a text, or more arguments than it takes.
        case invalid
        /// The machine refused: no more processes, descriptors or memory.
        case refused
    }

    package var reason: Reason
    /// One sentence that names the program, the folder where it matters, and what is wrong.
    package var message: String

    package init(reason: Reason, message: String) {
        self.reason = reason
        self.message = message
    }

    package var description: String { self.message }
}

extension SpawnError {
    /// The program could not be executed at `path`.
    static func execution(of spec: ProcessSpec, path: String, error: CInt) -> SpawnError {
        let name = path == spec.executable ? path : "\(spec.executable) (\(path))"
        switch error {
        case ENOENT where access(path, F_OK) == 0:
            return SpawnError(
                reason: .notExecutable,
                message: "\(name) cannot be started: the interpreter that it names is missing")
        case ENOENT, ENOTDIR:
            return SpawnError(reason: .notFound, message: "\(name) cannot be started: there is no such file")
        case EACCES:
            return SpawnError(
                reason: .notExecutable, message: "\(name) cannot be started: it is not an executable file")
        case ENOEXEC:
            return SpawnError(
                reason: .notExecutable,
                message:
                    "\(name) cannot be started: it is not a program for this machine, nor a script that begins with #!")
        case E2BIG:
            return SpawnError(
                reason: .invalid,
                message: "\(name) cannot be started: its arguments and environment are larger than the system takes")
        default:
            return SpawnError(
                reason: .refused, message: "\(name) cannot be started: \(SystemError.text(error))")
        }
    }

    static func folder(of spec: ProcessSpec, error: CInt) -> SpawnError {
        let folder = spec.workingDirectory ?? "."
        let reason = error == ENOENT ? "there is no such folder" : SystemError.text(error)
        return SpawnError(
            reason: .folderMissing, message: "\(spec.executable) cannot be started in \(folder): \(reason)")
    }

    static func refused(_ spec: ProcessSpec, doing: String, error: CInt) -> SpawnError {
        SpawnError(
            reason: .refused, message: "\(spec.executable) cannot be started: \(doing): \(SystemError.text(error))")
    }
}
