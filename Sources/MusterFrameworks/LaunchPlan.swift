public import MusterModel

/// A request that a framework has checked.
public struct CheckedLaunch: Codable, Sendable, Equatable {
    public var request: LaunchRequest
    /// Files that must exist on the node: beside the flow, or in the work folder. A plan finds them by
    /// ``LaunchContext/place(of:)``.
    public var files: [String]

    public init(request: LaunchRequest, files: [String]) {
        self.request = request
        self.files = files
    }
}

/// The input of a launch plan: the facts that all nodes share about one round, and the node that plans.
public struct LaunchContext: Codable, Sendable, Equatable {
    public var roster: Roster
    public var node: Int
    public var round: LaunchRound
    /// A port of node 0 that is reserved for this round.
    public var port: Int
    /// The number of processes of each node.
    public var processes: [Int]
    /// A unique name of this launch.
    public var runID: String
    /// The interpreter of the step's Python environment, or the one that runs a flow in Python.
    public var python: String?
    public var environment: [String: String]
    /// A folder of this node for files of the round.
    public var folder: String
    /// The path of `muster-agent`, whose verbs launchers call.
    public var agent: String
    /// The paths of the request's files on this node, if they differ from their names.
    public var places: [String: String]?

    public init(
        roster: Roster, node: Int, round: LaunchRound, port: Int, processes: [Int], runID: String, python: String?,
        environment: [String: String], folder: String, agent: String = "muster-agent", places: [String: String]? = nil
    ) {
        self.roster = roster
        self.node = node
        self.round = round
        self.port = port
        self.processes = processes
        self.runID = runID
        self.python = python
        self.environment = environment
        self.folder = folder
        self.agent = agent
        self.places = places
    }

    /// The path of a file of the request on this node; any other text unchanged.
    public func place(of file: String) -> String { self.places?[file] ?? file }

    /// The program to start: `python` and `python3` become the step's interpreter.
    public func program(_ name: String) -> String {
        if name == "python" || name == "python3", let python = self.python { return python }
        return self.place(of: name)
    }
}

/// The processes that one node starts in one round, all at once. The round ends when all of them have ended.
public struct LaunchPlan: Codable, Sendable, Equatable {
    public var processes: [PlannedProcess]
    /// Files that are written before any process starts.
    public var files: [PlannedFile]
    /// Set if a launcher reaches the nodes through their agents in place of ssh.
    public var remote: PlannedRemote?
    /// True if all user programs run under the agent's wrapper (the verb `rank`). All other processes of the round are
    /// then a launcher's own and get SIGKILL without SIGTERM: on SIGTERM they would end the ranks in their own way.
    public var hasRanks: Bool
    /// The interpretation of this node's exit codes.
    public var reading: ExitReading
    /// Files outside of the round's folder that its processes leave when they are killed.
    public var staleFiles: [StaleFilePattern]

    public init(
        processes: [PlannedProcess] = [], files: [PlannedFile] = [], remote: PlannedRemote? = nil,
        hasRanks: Bool = false,
        reading: ExitReading = ExitReading(), staleFiles: [StaleFilePattern] = []
    ) {
        self.processes = processes
        self.files = files
        self.remote = remote
        self.hasRanks = hasRanks
        self.reading = reading
        self.staleFiles = staleFiles
    }
}

/// One process of a launch.
public struct PlannedProcess: Codable, Sendable, Equatable {
    /// The name in messages: `rank 3`.
    public var label: String
    /// The program and its arguments.
    public var arguments: [String]
    /// The complete environment.
    public var environment: [String: String]
    /// The path of a file in which the process may describe its error, in the format of torch's `record`.
    public var errorFile: String?
    /// The host name of the process, if nodes that share a machine need different ones; nil for the machine's.
    public var hostname: String?
    /// Lines of its standard error with one of these texts are messages of the cluster itself; nil for none.
    public var clusterTalk: [String]?

    public init(
        label: String, arguments: [String], environment: [String: String], errorFile: String? = nil,
        hostname: String? = nil, clusterTalk: [String]? = nil
    ) {
        self.label = label
        self.arguments = arguments
        self.environment = environment
        self.errorFile = errorFile
        self.hostname = hostname
        self.clusterTalk = clusterTalk
    }
}

/// A file that a plan needs, below the folder of its context.
public struct PlannedFile: Codable, Sendable, Equatable {
    public var path: String
    public var contents: String
    public var isExecutable: Bool

    public init(path: String, contents: String, isExecutable: Bool = false) {
        self.path = path
        self.contents = contents
        self.isExecutable = isExecutable
    }
}

/// Files at fixed paths that stay behind (stale files) when the processes that have them open are killed.
///
/// The agent removes those that a process of the launch had open, once that process has ended.
public struct StaleFilePattern: Codable, Sendable, Equatable {
    /// The prefix of the absolute path.
    public var prefix: String
    /// The suffix of the path.
    public var suffix: String

    public init(prefix: String, suffix: String = "") {
        self.prefix = prefix
        self.suffix = suffix
    }
}

/// Remote commands: a launcher runs them on the nodes of a gang through the agents in place of ssh.
public struct PlannedRemote: Codable, Sendable, Equatable {
    /// The launcher's names of the nodes.
    public var hosts: [String: Int]
    /// The name of such a command in messages: `the MPI daemon`.
    public var label: String
    public var hostname: String?
    /// Variables of such a command on this node, beside the node's own.
    public var environment: [String: String]

    public init(
        hosts: [String: Int], label: String, hostname: String? = nil, environment: [String: String] = [:]
    ) {
        self.hosts = hosts
        self.label = label
        self.hostname = hostname
        self.environment = environment
    }
}
