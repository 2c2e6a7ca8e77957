import Foundation
import MusterModel

/// The results of a task whose failure `@Catch` takes.
enum CaughtResults {
    /// One result per node: its artifacts if it had finished, those that existed when its body failed, or its input
    /// artifacts; the failure is added as the artifact that `@Catch` names.
    ///
    /// - Returns: nil when the step does not catch, or when its transition depends on the body.
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
