public import MusterModel

/// A kind of cluster. A framework decides which processes to start; the agents start and supervise them.
///
/// All methods are pure functions. Before a step body starts, the agents ask for the ``ClusterSetup``, and on each node
/// for its ``SetupPlan``. When a body makes a request, each node checks it first; if the checked requests of all nodes
/// agree, each node plans its own processes from the same context.
///
/// Any package can add one, see ``Muster/Decorator/framework``.
public protocol Framework: Sendable {
    /// The name that decorators and requests use.
    static var name: String { get }

    /// Returns the services of a gang of `size` nodes.
    /// - Parameter settings: The settings of the step's decorator.
    /// - Throws: ``FrameworkError`` that names the setting and what is wrong with it.
    func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup

    /// Returns the services of `context.node` and the variables that it adds to all processes of the node.
    func services(settings: [String: JSONValue], _ context: SetupContext) throws(FrameworkError) -> SetupPlan

    /// Checks a step body's request on its node, before it is sent to the other nodes.
    /// - Parameters:
    ///   - options: The options of the request.
    ///   - settings: The settings of the step's decorator: defaults for the options.
    /// - Throws: ``FrameworkError`` that names the option and what is wrong with it.
    func check(
        options: [String: JSONValue], settings: [String: JSONValue], node: NodeFacts
    ) throws(FrameworkError) -> CheckedLaunch

    /// Returns the processes that `context.node` starts in one round of a launch.
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

/// The facts about a node that a framework checks a request with.
public struct NodeFacts: Codable, Sendable, Equatable {
    public var index: Int
    /// The number of nodes in the gang.
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

/// A framework refuses a setting or a request.
public struct FrameworkError: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    public var message: String

    public init(_ message: String) { self.message = message }
    public var description: String { self.message }
}
