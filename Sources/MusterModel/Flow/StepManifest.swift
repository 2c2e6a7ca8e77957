/// One step of a flow as the manifest describes it.
public struct StepManifest: Codable, Sendable, Equatable {
    public var name: String
    public var summary: String?
    public var location: SourceLocation?
    /// The inputs of a join; nil for every other step.
    public var join: JoinManifest?
    /// Every transition the body can take, in source order. More than one: the body chooses at run time.
    /// Empty only for `end`.
    public var edges: [Edge]
    /// The sum of the step's decorators.
    public var settings: StepSettings
    /// The decorators as they were written, for people.
    public var decorators: [DecoratorManifest]
    /// Entrypoints that the body names literally, relative to the flow's folder; checked before a run starts.
    public var entrypoints: [String]

    public init(
        name: String, summary: String? = nil, location: SourceLocation? = nil, join: JoinManifest? = nil,
        edges: [Edge] = [], settings: StepSettings = StepSettings(), decorators: [DecoratorManifest] = [],
        entrypoints: [String] = []
    ) {
        self.name = name
        self.summary = summary
        self.location = location
        self.join = join
        self.edges = edges
        self.settings = settings
        self.decorators = decorators
        self.entrypoints = entrypoints
    }

    /// The transition of a step whose body failed and was caught; nil when the body chooses one of several, or the
    /// number of tasks or nodes.
    public var transitionWithoutBody: Transition? {
        guard let edge = self.edges.first else { return .end }
        guard self.edges.count == 1 else { return nil }
        switch edge {
        case .step(let to): return .step(to: to)
        case .branches(let to): return .branches(to: to)
        case .foreach, .nodes: return nil
        }
    }
}

/// The names of a join's inputs.
public struct JoinManifest: Codable, Sendable, Equatable {
    /// The names of the steps right before the join, one per branch, when inputs are taken by name;
    /// nil when they are taken as a list, in branch, foreach or node order.
    public var names: [String]?

    public init(names: [String]? = nil) { self.names = names }
}

/// A decorator as it stands in the source: its name and its options.
public struct DecoratorManifest: Codable, Sendable, Equatable {
    public var name: String
    public var options: [String: JSONValue]

    public init(name: String, options: [String: JSONValue] = [:]) {
        self.name = name
        self.options = options
    }
}

/// A transition that a step's body can take, known without running it.
public enum Edge: Codable, Sendable, Hashable {
    /// To one step.
    case step(to: String)
    /// To several steps at once, joined later.
    case branches(to: [String])
    /// To one task of a step per element of a collection.
    case foreach(to: String)
    /// To a step that runs on a gang of nodes.
    case nodes(to: String)

    /// The steps this edge leads to.
    public var targets: [String] {
        switch self {
        case .step(let to), .foreach(let to), .nodes(let to): [to]
        case .branches(let to): to
        }
    }

    /// True for an edge that opens a scope, which a join has to close.
    public var fansOut: Bool {
        if case .step = self { false } else { true }
    }
}

/// A transition as a task took it.
public enum Transition: Codable, Sendable, Hashable {
    /// The task was the flow's last.
    case end
    case step(to: String)
    case branches(to: [String])
    /// `count` tasks, one per element; the elements are in the task's item list.
    case foreach(to: String, count: Int)
    /// A gang of `count` nodes; with a minimum, of as many as can be had, but at least of that many.
    case nodes(to: String, count: Int, minimum: Int? = nil)

    /// The edge of the manifest that this transition is an instance of; nil for ``end``.
    public var edge: Edge? {
        switch self {
        case .end: nil
        case .step(let to): .step(to: to)
        case .branches(let to): .branches(to: to)
        case .foreach(let to, _): .foreach(to: to)
        case .nodes(let to, _, _): .nodes(to: to)
        }
    }
}
