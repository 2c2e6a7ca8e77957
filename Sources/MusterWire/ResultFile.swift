public import MusterModel

/// `result.json`: what the flow program leaves in the task folder when a step body has ended.
public struct ResultFile: Codable, Sendable, Equatable {
    public static let name = "result.json"
    /// The file of the elements of a foreach: one ``ItemLine`` per line.
    public static let itemsName = "items.jsonl"

    public var version: Int
    /// The transition that the body took; nil exactly when ``error`` is set.
    public var transition: Transition?
    /// Artifacts that are new or changed, as files of the task folder.
    public var artifacts: [String: ArtifactFile]
    /// Artifacts that stay as they were, by the reference they came with.
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

/// An artifact as a file. The agent takes the file away into the store.
public struct ArtifactFile: Codable, Sendable, Equatable {
    /// Relative to the task folder.
    public var path: String
    public var encoding: ArtifactEncoding

    public init(path: String, encoding: ArtifactEncoding) {
        self.path = path
        self.encoding = encoding
    }
}

/// Why a step body ended without a transition.
public struct StepError: Codable, Sendable, Equatable {
    public var code: TaskFailure.Code
    public var message: String
    public var exception: RaisedException?

    public init(code: TaskFailure.Code, message: String, exception: RaisedException? = nil) {
        self.code = code
        self.message = message
        self.exception = exception
    }
}
