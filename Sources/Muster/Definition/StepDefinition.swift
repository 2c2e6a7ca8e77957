/// One step: its name, its place in the graph, its decorators and its body.
public struct StepDefinition<Root: Flow> {
    /// Runs the body. The flow has its parameters and artifacts; nil is returned by `end` alone.
    public typealias Body = (_ flow: inout Root, _ input: StepInput<Root>) async throws -> Root.Next?

    public var name: String
    public var summary: String?
    /// The line of the step's function in the flow's source file.
    public var line: Int?
    /// The form of the join: inputs as a list or by step; nil for a step that is no join.
    public var join: JoinManifest?
    public var decorators: [any Decorator]
    /// Every transition that the body can take.
    public var edges: [Edge]
    /// Scripts that the body names literally.
    public var entrypoints: [String]
    public var body: Body

    public init(
        _ name: String, summary: String? = nil, line: Int? = nil, join: JoinManifest? = nil,
        decorators: [any Decorator] = [], edges: [Edge] = [], entrypoints: [String] = [], body: @escaping Body
    ) {
        self.name = name
        self.summary = summary
        self.line = line
        self.join = join
        self.decorators = decorators
        self.edges = edges
        self.entrypoints = entrypoints
        self.body = body
    }

    /// The settings of all decorators, applied in order; the one next to the function is applied last.
    var settings: StepSettings {
        self.decorators.reduce(into: StepSettings()) { $1.apply(to: &$0) }
    }

    func manifest(file: String) -> StepManifest {
        StepManifest(
            name: self.name, summary: self.summary, location: self.line.map { SourceLocation(file: file, line: $0) },
            join: self.join, edges: self.edges, settings: self.settings,
            decorators: self.decorators.map { DecoratorManifest(name: type(of: $0).name, options: $0.options) },
            entrypoints: self.entrypoints)
    }
}
