/// A request of an agent to a flow program that serves: run one step in a forked child. One line.
public struct ServeRequest: Codable, Sendable, Equatable {
    public var step: String
    /// The task folder.
    public var folder: String
    /// The working directory of the step.
    public var workFolder: String
    /// The variables that differ from those of the program.
    public var environment: [String: String]

    public init(step: String, folder: String, workFolder: String, environment: [String: String]) {
        self.step = step
        self.folder = folder
        self.workFolder = workFolder
        self.environment = environment
    }
}

/// A line of a flow program that serves: `loaded` once, then one for each request.
public enum ServeAnswer: Codable, Sendable, Equatable {
    /// The program has loaded its code: from here on a step begins at once.
    case loaded
    /// The step's process has left with this code. `isLast`: it has left no process.
    case exited(code: Int32, isLast: Bool)
    /// This signal ended the step's process.
    case signaled(signal: Int32, isLast: Bool)
    /// The program cannot fork safely; nothing was run.
    case refused(reason: String)
}
