/// A step's requests to engine, backend and agents: the sum of its decorators.
///
/// A decorator changes nothing but this value, so decorators of other packages need no change in Muster.
public struct StepSettings: Codable, Sendable, Equatable {
    /// The reservation of every node; nil for none.
    public var resources: Resources?
    /// The request of every node to the place that a decorator such as `@batch` names; nil without one. Another place
    /// meets it as far as it can.
    public var elsewhere: Resources?
    public var retry: RetryPolicy
    /// The artifact that receives the ``TaskFailure`` once every attempt has failed; nil when a failure ends the run.
    public var catchInto: String?
    /// Seconds that one attempt of the whole gang may take.
    public var timeout: Double?
    /// Seconds after ``timeout`` in which the front end ends the body and keeps its artifacts; nil for a front end
    /// without that, whose body is killed at once.
    public var timeoutPatience: Double?
    /// Extra variables of the environment of everything that runs in the step.
    public var environment: [String: String]
    /// The packages that the step's Python gets; nil when it needs none.
    public var python: PythonRequirements?
    /// The cluster that is set up on the step's nodes.
    public var framework: FrameworkSettings?
    /// The place of the step's nodes; nil for the place of the run.
    public var place: PlaceSettings?
    /// True for a step that can be entered with `nodes:`.
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

/// The reservation of one node on its machine.
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

/// The number of retries and the pause between them.
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
    /// The origin of the packages and alternatives, for the message about a package that cannot be installed.
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
