/// The user's own folders, for steps that run in place: on the source as it lies there.
public struct InPlace: Codable, Sendable, Equatable {
    /// The folder from which the flow was started: everything of a step runs there.
    public var workFolder: String
    /// The folder of the flow's source.
    public var flowFolder: String
    /// How often the source was seen to have changed since the run began: what was loaded before is out of date.
    public var revision: Int

    public init(workFolder: String, flowFolder: String, revision: Int = 0) {
        self.workFolder = workFolder
        self.flowFolder = flowFolder
        self.revision = revision
    }
}
