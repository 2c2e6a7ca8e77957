/// The objects by which an engine and the nodes of a gang elsewhere tell each other everything: small files in the store.
///
/// The page `Documentation/AttemptObjects.md` is the contract: writers, formats, timing. The report and the logs of nodes
/// have the names that they have on this machine too.
package enum AttemptObject: Sendable, Hashable {
    /// ``GangOrder``, by the engine.
    case order
    /// 32 random bytes, by the engine, for its user alone.
    case key
    /// ``AttemptClaim``, create-only, by the first node 0.
    case claim
    /// ``ControlPoint``, by node 0.
    case control
    /// ``LifeSign``, by node 0.
    case alive
    /// Lines of ``AgentStatus``, by node 0.
    case statuses
    /// `TaskFailure`: the reason for which the attempt is to end, by the engine or `muster cancel`.
    case stop
    /// ``JobReuse``, create-only, by the engine or by node 0.
    case reuse
    /// `GangReport`, create-only, by node 0.
    case report
    /// The output of one node's processes, by its agent.
    case log(node: Int)

    /// The name behind the attempt's prefix.
    package var name: String {
        switch self {
        case .order: "order"
        case .key: "key"
        case .claim: "claim"
        case .control: "control"
        case .alive: "alive"
        case .statuses: "status-000000"
        case .stop: "stop"
        case .reuse: "reuse"
        case .report: "report.json"
        case .log(let node): "node-\(node).log"
        }
    }

    /// The objects that are removed when the attempt is over and its job has gone. The report and the logs stay.
    package static let transient: [AttemptObject] = [.key, .order, .claim, .control, .alive, .stop, .statuses, .reuse]
}
