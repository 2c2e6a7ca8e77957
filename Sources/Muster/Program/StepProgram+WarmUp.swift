import MusterModel
import MusterWire

extension StepProgram {
    /// Decodes, plays and encodes a task that uses every kind of value, without a body. The Swift runtime looks up each
    /// generic type and conformance at its first use and caches it; children forked from this process inherit the
    /// cache.
    ///
    /// Writes no file, asks no agent and starts no thread.
    func warmUpTypes() async {
        var definition = Root.definition
        let parameters = Self.defaults(definition)
        definition.parameters.removeAll { parameters[$0.name] == nil }
        let step = StepDefinition<Root>("warm-up", join: JoinManifest()) { _, _ in nil }
        guard let task = try? Self.task(definition, parameters),
            let (flow, _) = try? await self.play(step, task, definition)
        else { return }
        for artifact in definition.artifacts { artifact.warmUp(flow) }
        _ = try? LineCoding.encode(Self.result)
    }

    private static func defaults(_ definition: FlowDefinition<Root>) -> [String: ParameterValue] {
        let flow = Root()
        let defaults = definition.parameters.map { ($0.name, (try? $0.manifest(flow, definition.file))?.defaultValue) }
        return Dictionary(defaults) { $1 }.compactMapValues { $0 }
    }

    private static var reference: ArtifactReference { ArtifactReference(digest: "", size: 0, encoding: .json) }

    /// A task with every kind of value, encoded and decoded as a task file is.
    private static func task(_ definition: FlowDefinition<Root>, _ parameters: [String: ParameterValue]) throws
        -> TaskFile
    {
        let artifacts = Dictionary(definition.artifacts.map { ($0.name, self.reference) }) { $1 }
        let input = TaskInput(step: "start", taskID: "1", artifacts: artifacts)
        let task = TaskFile(
            attempt: AttemptID(flow: definition.name, run: "0", step: "start", task: 1, attempt: 0), taskID: "1",
            user: "",
            parameters: parameters, inputs: [input, input],
            foreach: [ForeachFrame(step: "start", index: 0, count: 1, item: "1")],
            parallel: ParallelFrame(controlAddress: "", nodes: 1, index: 0, controlTaskID: "1"), socket: "",
            temporaryFolder: "")
        return try LineCoding.decode(TaskFile.self, from: LineCoding.encode(task))
    }

    private static var result: ResultFile {
        var result = ResultFile(transition: .end)
        result.unchanged["a"] = self.reference
        result.artifacts["a"] = ArtifactFile(path: "a", encoding: .json)
        return result
    }
}
