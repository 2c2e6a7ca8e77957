/// What an agent asks of a flow program that serves, one line each: run one step in a process of its own.
public struct ServeRequest: Codable, Sendable, Equatable {
    public var step: String
    /// The task folder.
    public var folder: String
    /// Where the step runs.
    public var workFolder: String
    /// The variables that differ from those that the program was started with; it has the others already.
    public var environment: [String: String]

    public init(step: String, folder: String, workFolder: String, environment: [String: String]) {
        self.step = step
        self.folder = folder
        self.workFolder = workFolder
        self.environment = environment
    }
}

/// What a flow program that serves says: once that it is there, then one line a request.
public enum ServeAnswer: Codable, Sendable, Equatable {
    /// The program has loaded everything that its steps need; from here on a request's step begins at once.
    case loaded
    /// The step's process has left with this code. `isLast`: it left no process behind.
    case exited(code: Int32, isLast: Bool)
    /// This signal ended the step's process.
    case signaled(signal: Int32, isLast: Bool)
    /// The program cannot do it this way; nothing was run.
    case refused(reason: String)
}
