/// How a step body ended on one node.
package enum NodeOutcome: Codable, Sendable, Equatable {
    case succeeded(result: NodeResult)
    case failed(failure: TaskFailure)
}
