import MusterModel

/// A program to start: everything it gets, nothing inherited unless it is named here.
package struct ProcessSpec: Sendable {
    /// The source of a process's standard input.
    package enum Input: Sendable, Hashable {
        /// At its end from the start.
        case null
        /// A pipe, which ``SpawnedProcess/write(_:onWritten:)`` fills.
        case pipe
        /// This program's own.
        case inherit
        /// An open descriptor, which the caller closes, and not before `spawn` has returned.
        case descriptor(CInt)
    }

    /// The destination of a process's output.
    package enum Output: Sendable, Hashable {
        /// To `onOutput`.
        case pipes
        /// This program's own.
        case inherit
        case null
        /// An open descriptor, which the caller closes, and not before `spawn` has returned.
        case descriptor(CInt)
    }

    /// A path, if it has a slash; a relative one starts at ``workingDirectory``. Otherwise a name that is searched in
    /// the `PATH` of ``environment``. It is also the program's `argv[0]`.
    package var executable: String
    /// The arguments after `argv[0]`.
    package var arguments: [String]
    /// Complete, but for variables of this program's own that are no UTF-8, which no text can hold: every process gets them
    /// as they are, unless one of the same name stands here.
    package var environment: [String: String]
    /// nil keeps this program's own.
    package var workingDirectory: String?
    package var standardInput: Input
    package var standardOutput: Output
    package var standardError: Output
    /// True starts it in its own session and process group: ``SpawnedProcess/signalGroup(_:)`` reaches its children,
    /// and a terminal's Ctrl-C does not reach it.
    package var newSession: Bool
    /// The signal that the process gets when this program dies, however it dies; nil for none.
    package var parentDeathSignal: CInt?
    /// True sends SIGKILL to the rest of the process group when the process ends. Needs ``newSession``.
    package var endsGroup: Bool
    /// True passes on every descriptor above 2 that has no FD_CLOEXEC: for a wrapper between a process and its parent.
    package var inheritsDescriptors: Bool

    package init(
        executable: String, arguments: [String] = [], environment: [String: String], workingDirectory: String? = nil,
        standardInput: Input = .null, output: Output = .pipes, newSession: Bool = false,
        parentDeathSignal: CInt? = nil, endsGroup: Bool = false, inheritsDescriptors: Bool = false
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.standardInput = standardInput
        self.standardOutput = output
        self.standardError = output
        self.newSession = newSession
        self.parentDeathSignal = parentDeathSignal
        self.endsGroup = endsGroup
        self.inheritsDescriptors = inheritsDescriptors
    }
}
