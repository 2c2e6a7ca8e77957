public import MusterModel

/// A gang as a backend needs to know it: references and amounts, never parameters, inputs or secrets. Its rendering
/// therefore has the same size whatever the task is given.
public struct GangLaunch: Codable, Sendable, Hashable {
    public var attempt: AttemptID
    /// The job's fixed name; see ``JobName``.
    public var name: String
    public var nodes: Int
    /// With how many nodes the gang may start.
    public var minimum: Int
    /// The resources that each node reserves; nil when the step says nothing.
    public var resources: Resources?
    /// The program and its arguments, complete, that every node executes.
    public var command: [String]
    /// The program and its arguments that a node executes instead, with an exit code as a further argument, when the
    /// place's own preparation of the node has failed with that code: it reports so. nil when nobody waits for a report.
    public var setupFailed: [String]?
    /// The path prefix of the attempt's files, on a file system that all nodes see; nil when the store is a bucket.
    public var folder: String?
    /// Seconds after which the place may end the job; nil for the place's default.
    public var timeLimit: Double?
    public var place: PlaceSettings

    public init(
        attempt: AttemptID, name: String, nodes: Int, minimum: Int? = nil, resources: Resources? = nil,
        command: [String], setupFailed: [String]? = nil, folder: String? = nil, timeLimit: Double? = nil,
        place: PlaceSettings
    ) {
        self.attempt = attempt
        self.name = name
        self.nodes = nodes
        self.minimum = minimum ?? nodes
        self.resources = resources
        self.command = command
        self.setupFailed = setupFailed
        self.folder = folder
        self.timeLimit = timeLimit
        self.place = place
    }
}
