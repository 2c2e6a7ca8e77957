/// The end of a step body on one node.
package enum NodeOutcome: Codable, Sendable, Equatable {
    case succeeded(result: NodeResult)
    /// `left`: the artifacts that were there when the body failed, those that it had set among them; nil when nothing is
    /// known of them.
    case failed(failure: TaskFailure, left: [String: ArtifactReference]? = nil)
}
