public import MusterModel

/// `task.json`: the input of a step body, written by the agent before the flow program starts.
///
/// The page `Documentation/StepProtocol.md` is the contract.
public struct TaskFile: Codable, Sendable, Equatable {
    public static let name = "task.json"

    public var version: Int
    public var attempt: AttemptID
    /// The task's name on this node: `3`, or `3-node-2` on a worker.
    public var taskID: String
    public var user: String
    /// The run that this one resumes; nil otherwise.
    public var originRun: String?
    /// Every parameter of the flow, defaults included.
    public var parameters: [String: ParameterValue]
    /// The tasks right before this one: none for `start`, one for an ordinary step, all of them for a join, in order.
    public var inputs: [TaskInput]
    /// The foreach scopes this task is in, outermost first.
    public var foreach: [ForeachFrame]
    public var parallel: ParallelFrame
    /// Path of the agent's socket.
    public var socket: String
    /// A folder of this node that is removed at the end of the attempt.
    public var temporaryFolder: String
    /// The interpreter of the step's Python environment; nil when the step asked for none.
    public var python: String?
    /// The tags that the run began with.
    public var tags: [String]?
    /// The namespace of runs for a client in this task; nil for the user's own.
    public var namespace: String?
    /// The Unix time of the attempt's timeout, for front ends that end a body themselves.
    public var deadline: Double?

    public init(
        attempt: AttemptID, taskID: String, user: String, originRun: String? = nil,
        parameters: [String: ParameterValue] = [:], inputs: [TaskInput] = [], foreach: [ForeachFrame] = [],
        parallel: ParallelFrame, socket: String, temporaryFolder: String, python: String? = nil,
        tags: [String]? = nil, namespace: String? = nil
    ) {
        self.version = FlowManifest.currentVersion
        self.attempt = attempt
        self.taskID = taskID
        self.user = user
        self.originRun = originRun
        self.parameters = parameters
        self.inputs = inputs
        self.foreach = foreach
        self.parallel = parallel
        self.socket = socket
        self.temporaryFolder = temporaryFolder
        self.python = python
        self.tags = tags
        self.namespace = namespace
    }
}

extension TaskFile {
    /// The artifacts that the task may ask for.
    package var given: [ArtifactReference] {
        self.inputs.flatMap(\.artifacts.values) + self.foreach.compactMap(\.artifact)
    }
}

/// One task that leads into this one.
public struct TaskInput: Codable, Sendable, Equatable {
    public var step: String
    public var taskID: String
    public var artifacts: [String: ArtifactReference]

    public init(step: String, taskID: String, artifacts: [String: ArtifactReference]) {
        self.step = step
        self.taskID = taskID
        self.artifacts = artifacts
    }
}

/// One foreach that a task is inside of.
public struct ForeachFrame: Codable, Sendable, Equatable {
    /// The step that fans out.
    public var step: String
    public var index: Int
    public var count: Int
    /// The element as a JSON text, as the front end wrote it; nil for one that is an artifact.
    public var item: String?
    /// A large element, which is read when it is asked for.
    public var artifact: ArtifactReference?

    public init(step: String, index: Int, count: Int, item: String? = nil, artifact: ArtifactReference? = nil) {
        self.step = step
        self.index = index
        self.count = count
        self.item = item
        self.artifact = artifact
    }
}

/// This node's place in its gang. A gang of one has the same shape.
public struct ParallelFrame: Codable, Sendable, Equatable {
    public var controlAddress: String
    public var nodes: Int
    public var index: Int
    public var controlTaskID: String

    public init(controlAddress: String, nodes: Int, index: Int, controlTaskID: String) {
        self.controlAddress = controlAddress
        self.nodes = nodes
        self.index = index
        self.controlTaskID = controlTaskID
    }
}
