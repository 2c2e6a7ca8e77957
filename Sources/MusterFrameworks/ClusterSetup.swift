public import MusterModel

/// What a framework needs on every node before a step's bodies start.
public struct ClusterSetup: Codable, Sendable, Equatable {
    /// On which nodes the body of the step runs.
    public enum Bodies: String, Codable, Sendable {
        case everyNode
        /// The other nodes lend themselves to the cluster; for the join they leave what they were given.
        case controlNode
    }

    public var bodies: Bodies
    /// Free ports that each node finds and keeps for the attempt; the roster tells all nodes' ports to all.
    public var ports: Int
    /// How many stages the services start in: each begins when all services of the one before are ready, on all nodes.
    /// 0 when there are none.
    public var stages: Int
    /// Seconds for all stages together.
    public var deadline: Double
    /// The Python package on whose version the services depend, if they depend on one: each node's interpreter is asked
    /// for it, once, before they are planned.
    public var package: String?

    public init(
        bodies: Bodies = .everyNode, ports: Int = 0, stages: Int = 0, deadline: Double = 120, package: String? = nil
    ) {
        self.bodies = bodies
        self.ports = ports
        self.stages = stages
        self.deadline = deadline
        self.package = package
    }
}

/// The facts that a node plans its services from.
public struct SetupContext: Codable, Sendable, Equatable {
    public var roster: Roster
    /// The node that plans.
    public var node: Int
    /// A name for this attempt's cluster that no other cluster has: letters, digits, `-` and `_`.
    public var clusterID: String
    /// A secret that this attempt's nodes and their programs share, for services that ask who comes: random letters and
    /// digits. Empty where the nodes have none.
    public var secret: String
    /// The interpreter of the step's Python environment, or the one that runs a flow in Python.
    public var python: String?
    /// The version of ``ClusterSetup/package`` on this node; nil when it was not asked for, or is not installed.
    public var version: String?
    public var environment: [String: String]
    /// A folder of this node for the cluster's own files, made before anything starts. Its path is short enough for
    /// sockets some folders below it.
    public var folder: String

    public init(
        roster: Roster, node: Int, clusterID: String, secret: String = "", python: String?,
        version: String? = nil, environment: [String: String], folder: String
    ) {
        self.roster = roster
        self.node = node
        self.clusterID = clusterID
        self.secret = secret
        self.python = python
        self.version = version
        self.environment = environment
        self.folder = folder
    }
}

/// What one node keeps up.
public struct SetupPlan: Codable, Sendable, Equatable {
    public var services: [PlannedService]
    /// Added to the environment of the step body and of everything that it starts, on this node.
    public var environment: [String: String]
    /// Folders in which the cluster writes logs of its own: they arrive in the node's log.
    public var logs: [PlannedLogs]

    public init(services: [PlannedService] = [], environment: [String: String] = [:], logs: [PlannedLogs] = []) {
        self.services = services
        self.environment = environment
        self.logs = logs
    }
}

/// A process that is up as long as its gang lives. Whatever ends it before that fails the gang.
public struct PlannedService: Codable, Sendable, Equatable {
    /// When a service counts as ready.
    public enum Readiness: Codable, Sendable, Equatable {
        /// As soon as it runs.
        case started
        /// When this text has appeared in its output.
        case output(text: String)
        /// When this port of the node takes connections.
        case port(number: Int)
        /// When this text has appeared in a file, which may appear later.
        case file(path: String, text: String)
        /// As soon as one of these holds.
        case first(of: [Readiness])
    }

    public var process: PlannedProcess
    /// 0 for the first stage.
    public var stage: Int
    public var readiness: Readiness

    public init(process: PlannedProcess, stage: Int, readiness: Readiness) {
        self.process = process
        self.stage = stage
        self.readiness = readiness
    }
}

extension PlannedService.Readiness {
    /// What a service is watched for, one thing each.
    package var signs: [Self] {
        if case .first(of: let several) = self { several.flatMap(\.signs) } else { [self] }
    }
}

/// Log files that a cluster writes by itself.
public struct PlannedLogs: Codable, Sendable, Equatable {
    /// The folder; it may appear later.
    public var folder: String
    /// Files whose names begin like this are followed.
    public var prefixes: [String]
    /// Lines that begin like this are left out: the cluster's own marks.
    public var marks: [String]
    /// Whether what they hold is the cluster's own talk, which people see when they ask for it.
    public var isQuiet: Bool

    public init(folder: String, prefixes: [String], marks: [String] = [], isQuiet: Bool = false) {
        self.folder = folder
        self.prefixes = prefixes
        self.marks = marks
        self.isQuiet = isQuiet
    }
}
