public import MusterModel

/// The services of a framework: they run on every node before a step's bodies start.
public struct ClusterSetup: Codable, Sendable, Equatable {
    /// The nodes on which the body of the step runs.
    public enum Bodies: String, Codable, Sendable {
        case everyNode
        /// The other nodes only belong to the cluster; they pass their input artifacts on to the join.
        case controlNode
    }

    public var bodies: Bodies
    /// The number of free ports that each node reserves for the attempt. The roster lists all nodes' ports.
    public var ports: Int
    /// The number of stages in which the services start. A stage begins when all services of the stage before are
    /// ready, on all nodes. 0 without services.
    public var stages: Int
    /// The deadline of all stages together, in seconds.
    public var deadline: Double
    /// The Python package on whose version the plan of the services depends, or nil. Each node looks its version up
    /// once, before the plan.
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

/// The input of a node's plan of services.
public struct SetupContext: Codable, Sendable, Equatable {
    public var roster: Roster
    /// The node that plans.
    public var node: Int
    /// A unique name of this attempt's cluster: letters, digits, `-` and `_`.
    public var clusterID: String
    /// A secret that this attempt's nodes share, for services that authenticate clients: random letters and digits.
    /// Empty without one.
    public var secret: String
    /// The interpreter of the step's Python environment, or the one that runs a flow in Python.
    public var python: String?
    /// The version of ``ClusterSetup/package`` on this node; nil if none was named, or it is not installed.
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

/// The services of one node, and the environment that they add.
public struct SetupPlan: Codable, Sendable, Equatable {
    public var services: [PlannedService]
    /// Added to the environment of the step body and of everything that it starts, on this node.
    public var environment: [String: String]
    /// Folders of the cluster's own log files, which are copied into the node's log.
    public var logs: [PlannedLogs]

    public init(services: [PlannedService] = [], environment: [String: String] = [:], logs: [PlannedLogs] = []) {
        self.services = services
        self.environment = environment
        self.logs = logs
    }
}

/// A process that runs as long as its gang. If it ends earlier, the gang fails.
public struct PlannedService: Codable, Sendable, Equatable {
    /// The condition under which a service is ready.
    public enum Readiness: Codable, Sendable, Equatable {
        /// Once the process has been started.
        case started
        /// Once this text has appeared in its output.
        case output(text: String)
        /// Once this port of the node accepts connections.
        case port(number: Int)
        /// Once this text has appeared in a file, which may be created later.
        case file(path: String, text: String)
        /// Once one of these conditions holds.
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
    /// The single conditions of a readiness.
    package var signs: [Self] {
        if case .first(of: let several) = self { several.flatMap(\.signs) } else { [self] }
    }
}

/// Log files that a cluster's own processes write.
public struct PlannedLogs: Codable, Sendable, Equatable {
    /// The folder, which may be created later.
    public var folder: String
    /// Files whose names begin like this are followed.
    public var prefixes: [String]
    /// Lines with these prefixes are left out.
    public var marks: [String]
    /// True for messages of the cluster itself, which are shown only on request (`muster logs --cluster`).
    public var isQuiet: Bool

    public init(folder: String, prefixes: [String], marks: [String] = [], isQuiet: Bool = false) {
        self.folder = folder
        self.prefixes = prefixes
        self.marks = marks
        self.isQuiet = isQuiet
    }
}
