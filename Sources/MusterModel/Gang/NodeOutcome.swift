/// The end of a step body on one node.
package enum NodeOutcome: Codable, Sendable, Equatable {
    case succeeded(result: NodeResult)
    /// - `left`: the artifacts of the failed body, those that it had set among them; nil when they are unknown.
    /// - `after`: the id of the last failed launch that was reported to the body before it ended by an error of its own.
    case failed(failure: TaskFailure, left: [String: ArtifactReference]? = nil, after: String? = nil)
}
