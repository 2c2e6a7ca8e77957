/// What a step asks of the engine, the backend and the agents: the sum of its decorators.
///
/// A decorator changes this value and nothing else, which is why one from another package needs no place in Muster.
public struct StepSettings: Codable, Sendable, Equatable {
    /// What every node of the step reserves; nil when the step says nothing and so reserves nothing.
    public var resources: Resources?
    /// What every node of the step asks for at the place that a decorator names, such as `@batch`. Any other place meets
    /// it as far as it can; nil when no such decorator stands on the step.
    public var elsewhere: Resources?
    public var retry: RetryPolicy
    /// The artifact that receives the ``TaskFailure`` once every attempt has failed; nil when a failure ends the run.
    public var catchInto: String?
    /// Seconds that one attempt of the whole gang may take.
    public var timeout: Double?
    /// Seconds after ``timeout`` in which the front end ends the body by itself, with what it has set; nil for a front end
    /// that does not, whose body is ended at once.
    public var timeoutPatience: Double?
    /// Extra variables of the environment of everything that runs in the step.
    public var environment: [String: String]
    /// The packages that the step's Python gets; nil when it needs none.
    public var python: PythonRequirements?
    /// The cluster that is set up on the step's nodes.
    public var framework: FrameworkSettings?
    /// Where the step's nodes come from; nil for the place of the run.
    public var place: PlaceSettings?
    /// Whether the step may be entered with `nodes:`.
    public var isGang: Bool

    public init() {
        self.resources = nil
        self.elsewhere = nil
        self.retry = RetryPolicy(times: 0, minutesBetween: 0)
        self.catchInto = nil
        self.timeout = nil
        self.timeoutPatience = nil
        self.environment = [:]
        self.python = nil
        self.framework = nil
        self.place = nil
        self.isGang = false
    }
}

/// What one node of a step reserves on the machine it runs on.
public struct Resources: Codable, Sendable, Hashable {
    public var cpu: Int
    public var gpu: Int
    /// Bytes; 0 reserves none.
    public var memory: Int

    public init(cpu: Int = 1, gpu: Int = 0, memory: Int = 0) {
        self.cpu = cpu
        self.gpu = gpu
        self.memory = memory
    }
}

/// How often a failed attempt is tried again.
public struct RetryPolicy: Codable, Sendable, Hashable {
    /// Attempts after the first.
    public var times: Int
    public var minutesBetween: Double

    public init(times: Int, minutesBetween: Double) {
        self.times = times
        self.minutesBetween = minutesBetween
    }
}

/// A Python environment by what it must contain.
public struct PythonRequirements: Codable, Sendable, Hashable {
    /// PEP 508 requirements, as written.
    public var packages: [String]
    /// A version such as `3.11`, or a path; nil takes the `python3` found on the node.
    public var python: String?
    /// Where the packages come from and what else there is, for people who meet one that cannot be had.
    public var origin: String?

    public init(packages: [String], python: String? = nil, origin: String? = nil) {
        self.packages = packages
        self.python = python
        self.origin = origin
    }
}

/// A framework's name and its options, whose shape is the framework's own.
public struct FrameworkSettings: Codable, Sendable, Hashable {
    public var name: String
    public var options: [String: JSONValue]

    public init(name: String, options: [String: JSONValue] = [:]) {
        self.name = name
        self.options = options
    }
}
