public import MusterFrameworks
public import MusterModel

/// A framework, and what has to be known of it to put it to the test.
public struct FrameworkSubject: Sendable, CustomStringConvertible {
    /// Settings of the decorator to try, and how many nodes they need at least.
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
    /// Options of other launches that a user could ask for.
    public var otherLaunches: [[String: JSONValue]]
    public var ranks: RankVariables?
    /// Variables that the framework sets whatever the user has set them to.
    public var variables: Set<String>
    /// Numbers between 1024 and 65535 in its plans that are no ports.
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

    /// The options of every launch to try.
    var launches: [[String: JSONValue]] { (self.launch.map { [$0(["plain"])] } ?? []) + self.otherLaunches }
}
