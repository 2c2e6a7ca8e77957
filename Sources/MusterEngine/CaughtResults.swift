import Foundation
import MusterModel

/// What stands in for a task's results when `@Catch` takes its failure.
enum CaughtResults {
    /// One result per node: what the node left when it had finished, what was there when its body failed, otherwise the
    /// artifacts that came in; the failure is added as the artifact that `@Catch` names.
    ///
    /// - Returns: nil when the step does not catch, or when only its body could have said how the flow goes on.
    static func make(
        step: StepManifest, size: Int, nodes: [NodeReport], inherited: [String: ArtifactReference],
        failure: TaskFailure, put: (Data) throws -> ArtifactReference
    ) throws -> [NodeResult]? {
        guard let name = step.settings.catchInto, failure.code != .cancelled,
            let transition = step.transitionWithoutBody
        else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let reference = try put(encoder.encode(failure))
        return (0..<size).map { index in
            let node = nodes.first { $0.index == index }
            var artifacts = node?.result?.artifacts ?? node?.left ?? inherited
            artifacts[name] = reference
            return NodeResult(transition: transition, artifacts: artifacts)
        }
    }
}
