/// The description of a flow for the engine and the step program, which ``Flow()`` writes from the source.
public struct FlowDefinition<Root: Flow> {
    /// The name under which runs are stored: a letter, then letters, digits and `_`.
    public var name: String
    public var summary: String?
    /// Absolute path of the flow's source file. Entrypoints are relative to its folder.
    public var file: String
    public var parameters: [ParameterProperty<Root>]
    public var artifacts: [ArtifactProperty<Root>]
    /// In the order of the source.
    public var steps: [StepDefinition<Root>]

    public init(
        name: String, summary: String? = nil, file: String = #filePath, parameters: [ParameterProperty<Root>] = [],
        artifacts: [ArtifactProperty<Root>] = [], steps: [StepDefinition<Root>]
    ) {
        self.name = name
        self.summary = summary
        self.file = file
        self.parameters = parameters
        self.artifacts = artifacts
        self.steps = steps
    }

    /// The manifest that `describe` prints.
    /// - Parameter fallbackFolder: the flow's folder when its source is not on this machine.
    /// - Throws: an error that names the parameter whose default is not JSON.
    public func manifest(fallbackFolder: String) throws -> FlowManifest {
        let flow = Root()
        let sources = FilePaths.parent(of: self.file)
        return FlowManifest(
            name: self.name, summary: self.summary, language: "swift",
            folder: FilePaths.isFolder(sources) ? sources : fallbackFolder,
            parameters: try self.parameters.map { try $0.manifest(flow, self.file) },
            steps: self.steps.map { $0.manifest(file: self.file) },
            artifacts: self.artifacts.map(\.name), serves: ServeProgram<Root>.isOffered)
    }
}
