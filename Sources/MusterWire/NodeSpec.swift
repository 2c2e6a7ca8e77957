public import MusterModel

/// The specification of one node's attempt: the first line of an agent's standard input. A reusable agent gets another one
/// for each attempt.
///
/// The engine keeps the input open for as long as it lives; at its end the agent ends everything below it. The credentials
/// go through the pipe and never to the disk.
public struct NodeSpec: Codable, Sendable, Equatable {
    public var version: Int
    public var attempt: AttemptID
    /// This node's index and the gang's size.
    public var index: Int
    public var size: Int
    /// The number of nodes with which the gang starts when no more have come by the deadline.
    public var minimum: Int
    /// The address this node binds and is known by.
    public var address: String
    /// The address at which node 0 listens for workers; nil: at ``address``.
    public var listens: String?
    /// The scheduler that has started this node; nil on the engine's machine.
    public var place: String?
    /// Unix time at which that scheduler ends the job, where it says so.
    public var placeEnd: Double?
    /// The agent also prints what the node's processes print; nil: it does not.
    public var echoes: Bool?
    /// 32 random bytes of this attempt in base64: the pre-shared key of the gang's TLS connections.
    public var secret: String
    /// Random text of this attempt for the services of the step's framework. The user's programs know it, so it differs from
    /// ``secret``. Empty for none.
    public var clusterSecret: String
    /// Seconds for all nodes to come to the rendezvous.
    public var rendezvousDeadline: Double
    /// Seconds the attempt may run; nil without `@Timeout`.
    public var timeout: Double?
    /// Seconds after the timeout for the step's program to end by itself; nil where it cannot.
    public var timeoutPatience: Double?
    /// Seconds between SIGTERM and SIGKILL.
    public var grace: Double
    /// The agent's other times, and how much it logs; nil: the defaults, which keeps the line short.
    public var settings: NodeSettings?
    /// The flow program: its path, and arguments that come before the verb.
    public var program: [String]
    /// The task. The agent fills in ``TaskFile/parallel``, ``TaskFile/taskID``, ``TaskFile/socket`` and
    /// ``TaskFile/temporaryFolder``.
    public var task: TaskFile
    /// The file that holds ``task`` when it is too long for a line; nil when it stands here.
    public var taskFile: String?
    /// The store's folder, which this node shares.
    public var store: String
    /// The unpacked code package.
    public var package: String
    /// The user's own folders, for a step that runs in place; nil for one that runs in a copy of the code package.
    public var inPlace: InPlace?
    /// The node's own folder, on the store's file system: files are made in it and moved into the store by rename. Removed at
    /// the end of the attempt.
    public var scratch: String
    /// The node's own folder with a short path, for temporary files and sockets. Removed at the end of the attempt.
    public var temporary: String
    /// The environment of everything that runs on the node; complete, nothing is inherited.
    public var environment: [String: String]
    public var framework: FrameworkSettings?
    public var cpus: Int
    public var gpus: Int
    /// Bytes that the step reserved on the node; 0 when it reserved none.
    public var memory: Int
    /// The agent waits for another specification after this attempt has succeeded. Only for a gang of one.
    public var reusable: Bool
    /// The flow program knows the verb `serve`.
    public var serves: Bool

    public init(
        attempt: AttemptID, index: Int, size: Int, minimum: Int? = nil, address: String, secret: String,
        rendezvousDeadline: Double,
        timeout: Double?, grace: Double, program: [String], task: TaskFile, store: String, package: String,
        inPlace: InPlace? = nil, scratch: String, temporary: String? = nil, environment: [String: String],
        framework: FrameworkSettings?, cpus: Int, gpus: Int, memory: Int = 0, reusable: Bool = false,
        serves: Bool = false
    ) {
        self.version = FlowManifest.currentVersion
        self.attempt = attempt
        self.index = index
        self.size = size
        self.minimum = minimum ?? size
        self.address = address
        self.secret = secret
        self.clusterSecret = ""
        self.rendezvousDeadline = rendezvousDeadline
        self.timeout = timeout
        self.grace = grace
        self.program = program
        self.task = task
        self.store = store
        self.package = package
        self.inPlace = inPlace
        self.scratch = scratch
        self.temporary = temporary ?? scratch
        self.environment = environment
        self.framework = framework
        self.cpus = cpus
        self.gpus = gpus
        self.memory = memory
        self.reusable = reusable
        self.serves = serves
    }
}

/// The next attempt of a reusable agent, in place of a ``NodeSpec`` that differs from the previous one in its task alone.
public struct NextAttempt: Codable, Sendable, Equatable {
    public var next: TaskFile
    /// As ``NodeSpec/taskFile``.
    public var file: String?

    public init(_ task: TaskFile, file: String? = nil) {
        self.next = task
        self.file = file
    }
}

extension TaskFile {
    /// The task without its long parts, for a line that names the file of the whole task.
    public var brief: TaskFile {
        var task = self
        (task.parameters, task.inputs, task.foreach) = ([:], [], [])
        return task
    }
}

extension NodeSpec {
    /// This specification with another task.
    public func with(_ task: TaskFile) -> NodeSpec {
        var spec = self
        (spec.attempt, spec.task) = (task.attempt, task)
        return spec
    }
}

/// A line that the engine writes to an agent's standard input after the ``NodeSpec``.
public enum AgentCommand: Codable, Sendable, Equatable {
    /// The address of the control node's agent, the likeliest one, and others that it may have. Workers wait for this line.
    /// Never sent to node 0 or to a gang of one.
    case control(address: String, port: Int, others: [String]? = nil)
    /// End the attempt: every process gets SIGTERM, then SIGKILL. Sent to the control node's agent.
    case stop(failure: TaskFailure)
}

/// A line that an agent writes to its standard output, for the engine.
public enum AgentStatus: Codable, Sendable, Equatable {
    /// From the control node's agent of a gang of two or more: it accepts connections.
    case listening(port: Int)
    /// From the control node's agent: this node has come to the rendezvous.
    case joined(node: Int)
    /// From the control node's agent: the gang has started with these nodes, because the others did not come. From here
    /// on a node's index is its place in this list.
    case formed(nodes: [Int])
    /// From every agent: the step body has started on this node. A flow program that serves has loaded its code.
    case started(node: Int)
    /// From every agent: its log has grown to this many bytes. Sent at most every few milliseconds.
    case log(node: Int, bytes: Int)
    /// From the control node's agent: a node has ended.
    case ended(node: Int, status: NodeReport.Status)
    /// From the control node's agent: the attempt is over and its ``GangReport`` stands in the store.
    case finished(report: GangReport)
    /// The same, for a report that is too long for a line: it is read from this file.
    case reported(path: String)
    /// From a worker's agent elsewhere: the control node was lost after the gang had formed, so nobody may be left to report.
    case controlLost(reason: String)
    /// From a reusable agent: nothing of its attempt is left, and it waits for another ``NodeSpec``.
    case ready
}
