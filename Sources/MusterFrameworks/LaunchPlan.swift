public import MusterModel

/// A request that is fine as far as a framework can see.
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

/// The facts that all nodes share about one round of a launch, and the node that plans.
public struct LaunchContext: Codable, Sendable, Equatable {
    public var roster: Roster
    public var node: Int
    public var round: LaunchRound
    /// A port of node 0 that is kept free for this round.
    public var port: Int
    /// Processes of each node.
    public var processes: [Int]
    /// A name for this launch that no other launch has.
    public var runID: String
    /// The interpreter of the step's Python environment, or the one that runs a flow in Python.
    public var python: String?
    public var environment: [String: String]
    /// A folder of this node for the round's own files.
    public var folder: String
    /// The path of the agent's program, which carries verbs that launchers call.
    public var agent: String
    /// Where the files of the request are on this node, as far as that is not their own name.
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

    /// The path by which a program finds a file that the request names, or anything else as it is.
    public func place(of file: String) -> String { self.places?[file] ?? file }

    /// A program as it is to be started: Python's by its common names is the step's own interpreter.
    public func program(_ name: String) -> String {
        if name == "python" || name == "python3", let python = self.python { return python }
        return self.place(of: name)
    }
}

/// What one node starts in one round: all of it at once, and the round has ended when all of it has.
public struct LaunchPlan: Codable, Sendable, Equatable {
    public var processes: [PlannedProcess]
    /// Written before anything starts.
    public var files: [PlannedFile]
    /// Set where a launcher reaches this gang's nodes through their agents.
    public var remote: PlannedRemote?
    /// Whether all programs of the user's run under the agent's wrapper (the verb `rank`). Whatever else belongs to the
    /// round is a launcher's own then: it has nothing to put in order, and would only end the programs in its own way.
    public var hasRanks: Bool
    /// How this node's exits are to be read.
    public var reading: ExitReading
    /// What killed processes of the round would leave outside of its folder.
    public var leavings: [PlannedLeaving]

    public init(
        processes: [PlannedProcess] = [], files: [PlannedFile] = [], remote: PlannedRemote? = nil,
        hasRanks: Bool = false,
        reading: ExitReading = ExitReading(), leavings: [PlannedLeaving] = []
    ) {
        self.processes = processes
        self.files = files
        self.remote = remote
        self.hasRanks = hasRanks
        self.reading = reading
        self.leavings = leavings
    }
}

/// One process of a launch.
public struct PlannedProcess: Codable, Sendable, Equatable {
    /// What people call it: `rank 3`.
    public var label: String
    /// The program first.
    public var arguments: [String]
    /// Complete.
    public var environment: [String: String]
    /// Where the process may leave a description of its error, in the shape of torch's `record`.
    public var errorFile: String?
    /// The name that the process finds its machine to have, where nodes that share one have to look different.
    public var hostname: String?
    /// Lines of its standard error that hold one of these texts are the cluster's talk of itself; nil for none.
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

/// Files at fixed places that processes have open while they need them, and that nobody removes when they are killed.
///
/// The agents remove those that a process of the launch had open, once it has gone.
public struct PlannedLeaving: Codable, Sendable, Equatable {
    /// How the absolute path begins.
    public var prefix: String
    /// How it ends.
    public var suffix: String

    public init(prefix: String, suffix: String = "") {
        self.prefix = prefix
        self.suffix = suffix
    }
}

/// How commands of a launcher that would use ssh find and run on the nodes of a gang.
public struct PlannedRemote: Codable, Sendable, Equatable {
    /// What the launcher calls the nodes.
    public var hosts: [String: Int]
    /// What people call such a command on this node: `the MPI daemon`.
    public var label: String
    public var hostname: String?

    public init(hosts: [String: Int], label: String, hostname: String? = nil) {
        self.hosts = hosts
        self.label = label
        self.hostname = hostname
    }
}
