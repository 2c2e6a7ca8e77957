import Logging
import MusterBackends
import MusterHistory
import MusterModel
import MusterStore

/// The requests that a run would send to places with a queue, without sending any.
///
/// A run's number, its tasks' numbers and most gangs' sizes are known only when it gets there: `RUN`, the step's place in
/// the flow and ``nodes`` stand for them.
struct DryRun {
    /// The step of one run, where it would run, and what would be sent for it.
    struct PlannedStep: Encodable {
        let step: String
        /// `local` for this machine.
        let place: String
        let nodes: Int
        let request: BackendRequest?
    }

    let manifest: FlowManifest
    let program: [String]
    let places: Places
    let user: String
    /// The size of every gang.
    let nodes: Int

    /// - Parameter name: The only step that is wanted; nil for all.
    /// - Throws: ``CommandFailure`` for a step that the flow does not have, or that its place refuses.
    func steps(only name: String? = nil) async throws -> [PlannedStep] {
        if let name, self.manifest.step(name) == nil {
            let hint = NameSuggestion.hint(for: name, among: self.manifest.steps.map(\.name))
            throw CommandFailure(.usage, "\(self.manifest.name) has no step '\(name)'\(hint)")
        }
        let runners = try await self.places.runners(
            for: Places.Flow(manifest: self.manifest, program: self.program, package: "", attempts: nil), isDry: true,
            log: .silent)
        let byName = Dictionary(runners.map { ($0.name, $0) }) { $1 }
        var planned: [PlannedStep] = []
        for (index, step) in self.manifest.steps.enumerated() where name == nil || step.name == name {
            let nodes = step.settings.isGang ? self.nodes : 1
            guard let runner = step.settings.place.flatMap({ byName[$0.name] }) else {
                planned.append(PlannedStep(step: step.name, place: "local", nodes: nodes, request: nil))
                continue
            }
            let request = try await self.request(of: step, number: index + 1, nodes: nodes, at: runner)
            planned.append(PlannedStep(step: step.name, place: runner.name, nodes: nodes, request: request))
        }
        return planned
    }

    private func request(
        of step: StepManifest, number: Int, nodes: Int, at runner: any GangRunner
    ) async throws -> BackendRequest? {
        let layout = self.places.layout
        let gang = GangSpec(
            attempt: AttemptID(flow: self.manifest.name, run: "RUN", step: step.name, task: number, attempt: 0),
            size: nodes, step: step, originRun: nil, user: self.user, parameters: [:], inputs: [], foreach: [],
            python: nil, program: self.program, serves: false, store: layout.root, package: "",
            environment: step.settings.environment, allotments: [])
        do {
            return try await runner.rendering(of: gang)
        } catch let error as BackendError {
            throw CommandFailure(.usage, "step \(step.name): \(error.message)")
        }
    }
}

extension DryRun.PlannedStep {
    /// The request under a line of its own, which a shell takes for a comment.
    var text: String {
        guard let request else { return "# \(self.step): on this machine\n" }
        let size = self.nodes == 1 ? "one node" : "\(self.nodes) nodes; the flow says how many when it gets there"
        return "# \(self.step): \(self.place), \(request.kind), \(size)\n\(request.text)"
    }
}

extension [DryRun.PlannedStep] {
    /// For people, or one JSON object a line.
    func text(isJSON: Bool) throws -> String {
        guard isJSON else { return self.map(\.text).joined(separator: "\n") }
        return try self.map { try JSONText.line($0) + "\n" }.joined()
    }
}
