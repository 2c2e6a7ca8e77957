/// A program to start: everything it gets, nothing inherited unless it is named here.
package struct ProcessSpec: Sendable {
    /// Where a process's standard input comes from.
    package enum Input: Sendable, Hashable {
        /// At its end from the start.
        case null
        /// What ``SpawnedProcess/write(_:onWritten:)`` sends.
        case pipe
        /// This program's own.
        case inherit
        /// An open descriptor, which stays the caller's and must stay open until `spawn` has returned.
        case descriptor(CInt)
    }

    /// Where a process's output goes.
    package enum Output: Sendable, Hashable {
        /// To `onOutput`.
        case pipes
        /// This program's own.
        case inherit
        case null
        /// An open descriptor, which stays the caller's and must stay open until `spawn` has returned.
        case descriptor(CInt)
    }

    /// A path when it holds a slash, relative ones counted from ``workingDirectory``; otherwise a name that is looked
    /// up in the `PATH` of ``environment``. It becomes the program's `argv[0]` as it is written here.
    package var executable: String
    /// What follows `argv[0]`.
    package var arguments: [String]
    /// Complete, but for variables of this program's own that are no UTF-8, which no text can hold: every process gets them
    /// as they are, unless one of the same name stands here.
    package var environment: [String: String]
    /// nil keeps this program's own.
    package var workingDirectory: String?
    package var standardInput: Input
    package var standardOutput: Output
    package var standardError: Output
    /// Whether the process leads a session and a process group of its own, so that ``SpawnedProcess/signalGroup(_:)``
    /// reaches what it starts and a terminal's Ctrl-C does not reach it.
    package var newSession: Bool
    /// The signal that the process gets when this program dies, however it dies; nil for none.
    package var parentDeathSignal: CInt?
    /// Whether what is left of the process's group gets SIGKILL at the moment it ends. Needs ``newSession``.
    package var endsGroup: Bool
    /// Whether the process also gets every descriptor above 2 that does not close on exec: for a program that stands
    /// between a process and its parent.
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
