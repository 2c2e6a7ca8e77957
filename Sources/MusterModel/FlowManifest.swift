/// What a flow program prints when it is asked to `describe` itself: everything the engine knows of a flow.
///
/// The page `Documentation/StepProtocol.md` is the contract; both front ends write it and only it.
public struct FlowManifest: Codable, Sendable, Equatable {
    /// The version of the step protocol that wrote this manifest.
    public static let currentVersion = 1

    public var version: Int
    /// The flow's name: a letter, then letters, digits and `_`.
    public var name: String
    /// The flow's own documentation, shown by `muster show`.
    public var summary: String?
    /// `swift` or `python`.
    public var language: String
    /// Absolute path of the folder that holds the flow's source; entrypoints and packaged files are relative to it.
    public var folder: String
    public var parameters: [ParameterManifest]
    /// In the order of the source.
    public var steps: [StepManifest]
    /// Names of the artifacts that a task of this flow can set.
    public var artifacts: [String]
    /// Whether the program also knows the verb `serve`; nil: it does not.
    public var serves: Bool?

    public init(
        name: String, summary: String? = nil, language: String, folder: String,
        parameters: [ParameterManifest] = [], steps: [StepManifest], artifacts: [String] = [],
        serves: Bool? = nil
    ) {
        self.version = Self.currentVersion
        self.name = name
        self.summary = summary
        self.language = language
        self.folder = folder
        self.parameters = parameters
        self.steps = steps
        self.artifacts = artifacts
        self.serves = serves
    }

    /// The step called `name`, if the flow has it.
    public func step(_ name: String) -> StepManifest? {
        self.steps.first { $0.name == name }
    }
}

/// Where something stands in the flow's source.
public struct SourceLocation: Codable, Sendable, Hashable, CustomStringConvertible {
    public var file: String
    public var line: Int

    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    public var description: String { "\(self.file):\(self.line)" }
}
