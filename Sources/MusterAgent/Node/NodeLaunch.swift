import MusterFrameworks
import MusterModel
import MusterProcess

/// The launch that a step body is waiting for, as its node sees it.
struct NodeLaunch {
    let number: Int
    let connection: SocketConnection
    /// nil until it has been checked.
    var request: LaunchRequest?
}

/// The processes of one round on one node.
struct NodeRound {
    let round: LaunchRound
    /// nil until the framework has been asked.
    var plan: LaunchPlan?
    var running: [Int: SpawnedProcess] = [:]
    var tails: [OutputTail] = []
    /// Commands that a launcher has this node run, by the control node's number for them.
    var remotes: [Int: (process: SpawnedProcess, tail: OutputTail)] = [:]
    /// Those of them that were ended because the launcher does not wait for them any more: their end is no failure of
    /// this node.
    var abandoned: Set<Int> = []
    /// The wrappers around programs that a launcher runs on this node.
    var wrappers: [SocketConnection: (label: String, pid: Int32)] = [:]
    /// A wrapper has gone without a word, which the control node has heard of.
    var hasLostWrapper = false
    /// The control node has heard from here of something that others may know more of, and is about to end the round.
    var isSuspect = false
    /// Commands that came before the plan.
    var early: [(id: Int, command: String)] = []
    /// In the order in which they came.
    var exits: [ProcessExit] = []
    /// What is left of the round is being ended.
    var isStopping = false
}
