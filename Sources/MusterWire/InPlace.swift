/// The user's own folders, for steps that run in place: on the source as it lies there.
public struct InPlace: Codable, Sendable, Equatable {
    /// The folder from which the flow was started: the working directory of every process of a step.
    public var workFolder: String
    /// The folder of the flow's source.
    public var flowFolder: String
    /// The number of changes of the source since the run began. A server that loaded another revision is out of date.
    public var revision: Int

    public init(workFolder: String, flowFolder: String, revision: Int = 0) {
        self.workFolder = workFolder
        self.flowFolder = flowFolder
        self.revision = revision
    }
}
