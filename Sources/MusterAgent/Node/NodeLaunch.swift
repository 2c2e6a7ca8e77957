import MusterFrameworks
import MusterModel
import MusterProcess

/// The launch that a step body is waiting for, as its node sees it.
struct NodeLaunch {
    let number: Int
    let connection: SocketConnection
    let request: LaunchRequest
    /// The round whose processes run here.
    var round: NodeRound?
}

/// The processes of one round on one node.
struct NodeRound {
    let round: LaunchRound
    var running: [Int: SpawnedProcess] = [:]
    var tails: [OutputTail] = []
    var planned: [PlannedProcess] = []
    /// What is left of the round is being ended.
    var isStopping = false
}
