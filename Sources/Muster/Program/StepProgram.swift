import MusterModel
import MusterWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs one step body: from a task folder with `task.json` to one with `result.json`.
struct StepProgram<Root: Flow> {
    let folder: TaskFolder

    /// - Parameter task: The content of `task.json`, or the error of reading it.
    /// - Returns: The program's exit code: 0 when the body took a transition, 1 when the result holds an error.
    func run(_ name: String, _ task: Result<TaskFile, any Error>) async -> CInt {
        do {
            try await self.perform(name, task.get())
            return 0
        } catch {
            if !(error is BodyFailed) { self.folder.write(Self.failure(error)) }
            return 1
        }
    }

    private func perform(_ name: String, _ task: TaskFile) async throws {
        let definition = Root.definition
        guard let step = definition.steps.first(where: { $0.name == name }) else {
            let names = definition.steps.map(\.name).joined(separator: ", ")
            throw StepFailure(.contract, "flow \(definition.name) has no step '\(name)'; it has \(names)")
        }
        let (flow, departure) = try await self.play(step, task, definition)
        do {
            try self.finish(flow, departure.get())
        } catch {
            self.folder.write(Self.failure(error), of: flow)
            throw BodyFailed()
        }
    }

    /// The body has failed, and its result has been written.
    private struct BodyFailed: Error {}

    private static func failure(_ error: any Error) -> StepFailure {
        (error as? StepFailure) ?? StepFailure(.body, "\(error)")
    }

    /// Runs the body of `step`. Returns the flow after the body, also after an error, and the transition.
    func play(
        _ step: StepDefinition<Root>, _ task: TaskFile, _ definition: FlowDefinition<Root>
    ) async throws -> (flow: Root, departure: Result<Departure?, any Error>) {
        let current = Current(task: task)
        let sources = definition.artifacts.map { self.source(JoinedArtifact($0.name, task.inputs, current.agent)) }
        let inputs = try task.inputs.map { try self.flow(definition, task, $0.artifacts, sources) }
        var flow = try (step.join == nil ? inputs.first : nil) ?? self.flow(definition, task, [:], sources)
        let departure: Result<Departure?, any Error>
        do {
            departure = .success(
                try await Current.$value.withValue(current) {
                    for decorator in step.decorators { try await decorator.prepare(current) }
                    return try await step.body(&flow, StepInput(inputs, task: task, locate: current.agent.locate))?
                        .departure
                })
        } catch {
            departure = .failure(error)
        }
        return (flow, departure)
    }

    /// The flow with these artifacts bound.
    /// - Parameter sources: One for each artifact of the definition.
    private func flow(
        _ definition: FlowDefinition<Root>, _ task: TaskFile, _ artifacts: [String: ArtifactReference],
        _ sources: [ArtifactSource]
    ) throws -> Root {
        var flow = Root()
        for parameter in definition.parameters {
            guard let value = task.parameters[parameter.name] else {
                throw StepFailure(.contract, "the task has no value for parameter '\(parameter.name)'")
            }
            try parameter.bind(&flow, value)
        }
        for (artifact, source) in zip(definition.artifacts, sources) {
            if let reference = artifacts[artifact.name] { artifact.bind(&flow, reference, source) }
        }
        return flow
    }

    private func source(_ artifact: JoinedArtifact) -> ArtifactSource {
        let folder = self.folder
        return ArtifactSource(
            locate: { try artifact.locate($0) },
            giveUp: { failure in
                folder.write(failure)
                exit(1)
            })
    }

    private func finish(_ flow: Root, _ departure: Departure?) throws {
        var result = ResultFile(transition: departure?.transition ?? .end)
        try self.folder.write(flow, into: &result)
        if let departure { try self.folder.write(departure) }
        try self.folder.write(result)
    }
}
