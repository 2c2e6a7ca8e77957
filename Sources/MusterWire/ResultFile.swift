public import MusterModel

/// `result.json`: the result of a step body, which the flow program writes into the task folder.
public struct ResultFile: Codable, Sendable, Equatable {
    public static let name = "result.json"
    /// The file of the elements of a foreach: one ``ItemLine`` per line.
    public static let itemsName = "items.jsonl"

    public var version: Int
    /// The transition that the body took; nil exactly when ``error`` is set.
    public var transition: Transition?
    /// Artifacts that are new or changed, as files of the task folder.
    public var artifacts: [String: ArtifactFile]
    /// Unchanged artifacts, by their references.
    public var unchanged: [String: ArtifactReference]
    public var error: StepError?

    public init(
        transition: Transition? = nil, artifacts: [String: ArtifactFile] = [:],
        unchanged: [String: ArtifactReference] = [:], error: StepError? = nil
    ) {
        self.version = FlowManifest.currentVersion
        self.transition = transition
        self.artifacts = artifacts
        self.unchanged = unchanged
        self.error = error
    }
}

/// An artifact as a file, which the agent moves into the store.
public struct ArtifactFile: Codable, Sendable, Equatable {
    /// Relative to the task folder.
    public var path: String
    public var encoding: ArtifactEncoding

    public init(path: String, encoding: ArtifactEncoding) {
        self.path = path
        self.encoding = encoding
    }
}

/// The error by which a step body ended without a transition.
public struct StepError: Codable, Sendable, Equatable {
    public var code: TaskFailure.Code
    public var message: String
    public var exception: RaisedException?
    /// The ``TaskFailure/id`` of the failure that the agent reported to the body, when this error is that failure.
    public var cause: String?

    public init(
        code: TaskFailure.Code, message: String, exception: RaisedException? = nil, cause: String? = nil
    ) {
        self.code = code
        self.message = message
        self.exception = exception
        self.cause = cause
    }
}
