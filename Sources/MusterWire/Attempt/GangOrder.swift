package import MusterModel

/// The order for a gang elsewhere: what all of its nodes are told, the same for each. References only; no secret, and no
/// path of one machine but those of the folder that all of them share.
package struct GangOrder: Codable, Sendable, Equatable {
    package var version: Int
    package var attempt: AttemptID
    package var size: Int
    /// With how many nodes the gang starts when no more have come by the deadline.
    package var minimum: Int
    /// Seconds for all nodes to come to the rendezvous.
    package var rendezvousDeadline: Double
    /// Seconds the attempt may run; nil without `@Timeout`.
    package var timeout: Double?
    package var timeoutPatience: Double?
    /// Seconds between SIGTERM and SIGKILL.
    package var grace: Double
    /// The agents' other times, and how much they log; nil: the defaults.
    package var settings: NodeSettings?
    /// The flow program: its path below the code package or an absolute one, and arguments that come before the verb.
    package var program: [String]
    /// The task as node 0 sees it; the agents fill in what differs.
    package var task: TaskFile
    /// The store's folder, which all nodes share.
    package var store: String
    /// The unpacked code package.
    package var package: String
    /// The step's own variables; they go on top of the node's.
    package var environment: [String: String]
    package var framework: FrameworkSettings?
    /// The amounts that each node asks for; 0 where the step does not say.
    package var cpus: Int
    package var gpus: Int
    /// Bytes.
    package var memory: Int
    /// An interface or a network whose addresses come first; nil for that of the default route.
    package var network: String?
    /// The name or path of Python on the nodes, for flows in Python; nil for the first on their `PATH`.
    package var python: String?
    /// The flow's code, for nodes that see nothing but the bucket: it takes the place of ``program``, ``package`` and
    /// ``store``, which are paths of the engine's machine then; nil where nodes see the store's folder.
    package var carried: CarriedCode?
    /// Seconds for which the job waits for another attempt after this one has succeeded; nil: it ends at once.
    package var reuseWait: Double?

    package init(
        attempt: AttemptID, size: Int, minimum: Int, rendezvousDeadline: Double, timeout: Double? = nil,
        timeoutPatience: Double? = nil, grace: Double, program: [String], task: TaskFile, store: String,
        package: String, environment: [String: String], framework: FrameworkSettings? = nil, cpus: Int, gpus: Int,
        memory: Int, network: String? = nil
    ) {
        self.version = FlowManifest.currentVersion
        self.attempt = attempt
        self.size = size
        self.minimum = minimum
        self.rendezvousDeadline = rendezvousDeadline
        self.timeout = timeout
        self.timeoutPatience = timeoutPatience
        self.grace = grace
        self.program = program
        self.task = task
        self.store = store
        self.package = package
        self.environment = environment
        self.framework = framework
        self.cpus = cpus
        self.gpus = gpus
        self.memory = memory
        self.network = network
    }
}
