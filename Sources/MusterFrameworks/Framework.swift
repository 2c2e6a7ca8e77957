public import MusterModel

/// A cluster that a step's nodes can become: what to start, never how.
///
/// Every decision is pure: the agents do what it says, once, for all frameworks. Before a step body starts the agents
/// ask for the ``ClusterSetup``, and on each node for its ``SetupPlan``. When a body asks for something to be run, each
/// node first checks what was asked; when the checked requests agree, each node plans its own processes from the same
/// facts.
///
/// Any package can add one, see ``Muster/Decorator/framework``.
public protocol Framework: Sendable {
    /// The name that decorators and requests use.
    static var name: String { get }

    /// What a gang of `size` nodes needs before its bodies start.
    /// - Parameter settings: Of the step's decorator.
    /// - Throws: ``FrameworkError`` that names the setting and what is wrong with it.
    func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup

    /// What `context.node` keeps up while its gang lives, and what it adds to the environment of everything on the node.
    func services(settings: [String: JSONValue], _ context: SetupContext) throws(FrameworkError) -> SetupPlan

    /// Checks what a step body asked for on one node, before any other node hears of it.
    /// - Parameters:
    ///   - options: Of the request.
    ///   - settings: Of the step's decorator: defaults for the options.
    /// - Throws: ``FrameworkError`` that names the option and what is wrong with it.
    func check(
        options: [String: JSONValue], settings: [String: JSONValue], node: NodeFacts
    ) throws(FrameworkError) -> CheckedLaunch

    /// What `context.node` starts in one round of a launch.
    func plan(_ request: LaunchRequest, _ context: LaunchContext) throws(FrameworkError) -> LaunchPlan
}

extension Framework {
    public func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup {
        ClusterSetup()
    }

    public func services(settings: [String: JSONValue], _ context: SetupContext) throws(FrameworkError) -> SetupPlan {
        SetupPlan()
    }

    public func check(
        options: [String: JSONValue], settings: [String: JSONValue], node: NodeFacts
    ) throws(FrameworkError) -> CheckedLaunch {
        throw FrameworkError("\(Self.name) has nothing to start: its cluster is up before the step's body begins")
    }

    public func plan(_ request: LaunchRequest, _ context: LaunchContext) throws(FrameworkError) -> LaunchPlan {
        LaunchPlan()
    }
}

/// What a framework may know of a node before the gang agrees on a launch.
public struct NodeFacts: Codable, Sendable, Equatable {
    public var index: Int
    /// Nodes of the gang.
    public var size: Int
    public var cpus: Int
    public var gpus: Int
    /// The environment of the step.
    public var environment: [String: String]

    public init(index: Int, size: Int, cpus: Int, gpus: Int, environment: [String: String]) {
        self.index = index
        self.size = size
        self.cpus = cpus
        self.gpus = gpus
        self.environment = environment
    }
}

/// What was asked of a framework cannot be done.
public struct FrameworkError: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    public var message: String

    public init(_ message: String) { self.message = message }
    public var description: String { self.message }
}
