/// Rules for the settings of decorators.
extension GraphRules {
    static func settings(of step: StepManifest, in manifest: FlowManifest) -> [GraphProblem] {
        self.ranges(of: step) + self.environment(of: step) + self.caught(step, in: manifest)
            + self.gangs(step, in: manifest)
    }

    /// Products of these with the largest gang still fit a whole number.
    private static let maximumCPUs = 1 << 20
    private static let maximumMemory = 1 << 50
    private static let maximumRetries = 1000
    private static let maximumSeconds = 366.0 * 86400

    private static func ranges(of step: StepManifest) -> [GraphProblem] {
        let settings = step.settings
        var wrong: [String] = []
        if let resources = settings.resources {
            if !(0...Self.maximumCPUs).contains(resources.cpu) {
                wrong.append("cpu is \(resources.cpu); it has to be 0 to \(Self.maximumCPUs)")
            }
            if !(0...Self.maximumCPUs).contains(resources.gpu) {
                wrong.append("gpu is \(resources.gpu); it has to be 0 to \(Self.maximumCPUs)")
            }
            if !(0...Self.maximumMemory).contains(resources.memory) {
                wrong.append("memory is \(resources.memory) bytes; it has to be 0 to \(Self.maximumMemory)")
            }
        }
        if !(0...Self.maximumRetries).contains(settings.retry.times) {
            wrong.append("retries are \(settings.retry.times); they have to be 0 to \(Self.maximumRetries)")
        }
        if !(0...Self.maximumSeconds / 60).contains(settings.retry.minutesBetween) {
            wrong.append(
                "the minutes between retries are \(settings.retry.minutesBetween); they have to be 0 or more, and less than a year"
            )
        }
        if let timeout = settings.timeout, !(timeout > 0 && timeout <= Self.maximumSeconds) {
            wrong.append("the timeout is \(timeout) seconds; it has to be more than 0 and less than a year")
        }
        return wrong.map { GraphProblem(.range, "step \(step.name): \($0)", step: step) }
    }

    private static func environment(of step: StepManifest) -> [GraphProblem] {
        step.settings.environment.sorted { $0.key < $1.key }.compactMap { name, value in
            guard name.isEmpty || name.contains("=") || name.contains("\0") || value.contains("\0") else { return nil }
            return GraphProblem(
                .range, "step \(step.name): '\(name)' cannot be an environment variable with this value", step: step)
        }
    }

    private static func caught(_ step: StepManifest, in manifest: FlowManifest) -> [GraphProblem] {
        guard let artifact = step.settings.catchInto else { return [] }
        var problems: [GraphProblem] = []
        if step.transitionWithoutBody == nil {
            problems.append(
                GraphProblem(
                    .caught,
                    "step \(step.name) catches its failure, but only its body can say how the flow goes on: it fans out or chooses; do that in a step of its own, without @catch",
                    step: step))
        }
        if !self.isName(artifact) {
            problems.append(
                GraphProblem(
                    .name, "step \(step.name) catches into '\(artifact)', which cannot be an artifact's name",
                    step: step))
        }
        if manifest.parameters.contains(where: { $0.name == artifact }) {
            problems.append(
                GraphProblem(
                    .clash, "step \(step.name) catches into \(artifact), which is a parameter; take another name",
                    step: step))
        }
        return problems
    }

    private static func gangs(_ step: StepManifest, in manifest: FlowManifest) -> [GraphProblem] {
        guard step.settings.isGang, [manifest.startName, manifest.endName].contains(step.name) || step.join != nil
        else { return [] }
        return [
            GraphProblem(
                .gang,
                "step \(step.name) cannot be a gang: \(step.join == nil ? "nothing can ask for its nodes" : "it is a join"); move the gang into a step of its own",
                step: step)
        ]
    }
}
