/// The output of a flow program's verb `describe`: everything that the engine knows of a flow.
///
/// `Documentation/StepProtocol.md` is the contract; both front ends write this and nothing else.
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
    /// True for a program with the verb `serve`; nil means false.
    public var serves: Bool?
    /// The command that the program is called with from now on, up to the verb: its path and arguments before the verb.
    /// nil: as it was called for this manifest.
    public var program: [String]?
    /// The decorators of the flow itself, as they were written, for people.
    public var decorators: [DecoratorManifest]?
    /// System tags of every run of the flow, such as `python_version:3.11.7`.
    public var systemTags: [String]?
    /// A sentence for each request of the flow that this machine does not meet. A run prints them once.
    public var notes: [String]?
    /// The steps that a run begins and ends with; nil: those called `start` and `end`.
    public var start: String?
    public var end: String?
    /// True when the program also knows the verb `hooks`, for something to be done when a run is over; nil: it does not.
    public var hooks: Bool?
    /// Variables that give parameters their values (`METAFLOW_RUN_…`), as the flow's own source has set them.
    public var variables: [String: String]?
    /// Faults of the source that the rest of the manifest does not show.
    public var problems: [SourceProblem]?
    /// The place of the flow in its source.
    public var location: SourceLocation?

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

    /// The name of the step that a run begins with.
    public var startName: String { self.start ?? "start" }

    /// The name of the step after which a run is over.
    public var endName: String { self.end ?? "end" }

    /// The step called `name`, if the flow has it.
    public func step(_ name: String) -> StepManifest? {
        self.steps.first { $0.name == name }
    }
}

/// A mistake that a front end has found while it read the flow's source.
public struct SourceProblem: Codable, Sendable, Hashable {
    /// One of the codes of the graph's rules, such as `flow.transition`.
    public var code: String
    /// One sentence with the fault and the remedy.
    public var message: String
    /// The step at fault; nil when it is the flow as a whole.
    public var step: String?
    public var location: SourceLocation?

    public init(code: String, message: String, step: String? = nil, location: SourceLocation? = nil) {
        self.code = code
        self.message = message
        self.step = step
        self.location = location
    }
}

/// A place in the flow's source.
public struct SourceLocation: Codable, Sendable, Hashable, CustomStringConvertible {
    public var file: String
    public var line: Int

    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    public var description: String { "\(self.file):\(self.line)" }
}
