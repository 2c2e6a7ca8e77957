/// One node's request to start a framework: checked, with defaults filled in.
public struct LaunchRequest: Codable, Sendable, Equatable {
    /// Whose request starts a launch.
    public enum Asker: String, Codable, Sendable {
        /// All nodes have to ask for the same.
        case everyNode
        /// The control node's request starts it on all nodes, once; other nodes may ask too and get the same answer.
        case controlNode
    }

    public var framework: String
    /// Must be alike on all nodes, but for the `arguments` of the workers. ``processes`` may differ.
    public var options: [String: JSONValue]
    /// Processes that this node starts.
    public var processes: Int
    /// The number of times that a failed round is restarted on all nodes.
    public var restarts: Int
    public var asker: Asker
    /// The processes of all nodes, in node order; set when the control node asks for all of them.
    public var processesOfAll: [Int]?
    /// Files that it names, for each node to find: beside the flow, or where the flow was started.
    public var files: [String]?

    public init(
        framework: String, options: [String: JSONValue], processes: Int, restarts: Int = 0, asker: Asker = .everyNode,
        processesOfAll: [Int]? = nil, files: [String]? = nil
    ) {
        self.framework = framework
        self.options = options
        self.processes = processes
        self.restarts = restarts
        self.asker = asker
        self.processesOfAll = processesOfAll
        self.files = files
    }
}

/// One start of a launch's processes on all nodes: a launch has one round more than it was restarted.
public struct LaunchRound: Codable, Sendable, Hashable {
    /// 1 for the first launch of the step.
    public var launch: Int
    /// Restarts before this round.
    public var restart: Int

    public init(launch: Int, restart: Int) {
        self.launch = launch
        self.restart = restart
    }
}
