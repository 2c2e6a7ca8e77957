public import MusterFrameworks
public import MusterModel

/// A framework, with the facts that its conformance tests need.
public struct FrameworkSubject: Sendable, CustomStringConvertible {
    /// Settings of the decorator to test, with the least number of nodes for each.
    public struct Settings: Sendable {
        public var values: [String: JSONValue]
        public var smallestGang: Int

        public init(_ values: [String: JSONValue] = [:], smallestGang: Int = 1) {
            self.values = values
            self.smallestGang = smallestGang
        }
    }

    /// The variables by which a framework numbers its processes.
    public struct RankVariables: Sendable {
        public var rank: String
        public var world: String

        public init(rank: String, world: String) {
            self.rank = rank
            self.world = world
        }
    }

    public var framework: any Framework
    public var settings: [Settings]
    /// The options of a launch that gives its program these arguments; nil when the framework launches nothing.
    public var launch: (@Sendable (_ arguments: [String]) -> [String: JSONValue])?
    /// Options of other launches to test.
    public var otherLaunches: [[String: JSONValue]]
    public var ranks: RankVariables?
    /// Variables that the framework reserves: it overrides the user's values.
    public var variables: Set<String>
    /// Numbers from 1024 to 65535 in its plans that are no ports.
    public var numbers: Set<Int>

    public init(
        _ framework: any Framework, settings: [Settings] = [Settings()],
        ranks: RankVariables? = nil, variables: Set<String> = [], numbers: Set<Int> = [],
        otherLaunches: [[String: JSONValue]] = [],
        launch: (@Sendable (_ arguments: [String]) -> [String: JSONValue])? = nil
    ) {
        self.framework = framework
        self.settings = settings
        self.launch = launch
        self.otherLaunches = otherLaunches
        self.ranks = ranks
        self.variables = variables
        self.numbers = numbers
    }

    public var description: String { type(of: self.framework).name }

    /// The options of all launches to test.
    var launches: [[String: JSONValue]] { (self.launch.map { [$0(["plain"])] } ?? []) + self.otherLaunches }
}
