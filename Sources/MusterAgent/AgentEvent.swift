package import MusterFrameworks
package import MusterModel
package import MusterProcess
package import MusterWire

/// Everything that can happen to an agent, in the order in which it happened: the only way into its decisions.
package enum AgentEvent: Sendable {
    // From the engine and the system.
    case command(AgentCommand)
    /// The engine is gone, or spoke in a way that cannot be understood.
    case inputEnded(reason: String)
    case signal(CInt)
    /// Once a second.
    case tick
    case rendezvousDeadline
    case setupDeadline
    case timeout
    /// The moment has passed for which the control node doubts what it was told of a round.
    case doubtOver(LaunchRound)

    // From this node.
    case folderMade(AgentError?)
    case stepExited(ExitStatus)
    case stepServed(StepServer.Outcome)
    case stepCollected(NodeOutcome)
    /// The version of the package that the cluster's plan depends on.
    case versionTold(String?)
    case clusterPlanned(Result<PlanAnswer, AgentError>)
    case serviceReady(id: Int)
    case serviceExited(id: Int, ExitStatus)
    case launchChecked(launch: Int, Result<PlanAnswer, AgentError>)
    case roundPlanned(LaunchRound, Result<PlanAnswer, AgentError>)
    case remoteExited(id: Int, round: LaunchRound, ExitStatus)
    case remoteOver(id: Int, round: LaunchRound, ExitStatus)
    case broadcastReceived(BroadcastOffer, AgentError?)
    case broadcastFailed(broadcast: Int, AgentError)
    /// These processes below the agent are stopped, by SIGSTOP or a terminal; with what they have used of processors.
    case foundStopped([ProcessIdentity: UInt64])
    case workerExited(round: LaunchRound, worker: Int, ExitStatus)
    /// No process of a round is left on this node.
    case roundCleared(LaunchRound)
    case processExited(id: Int, ExitStatus)
    /// What had come for the log when somebody asked is in it.
    case logWritten
    /// The log cannot be written any more.
    case logFailed(String)
    case request(SocketConnection, RequestLine)
    case requestsEnded(SocketConnection)
    /// An answer that took a while is ready.
    case answer(SocketConnection, AgentAnswer)
    /// No process and no folder is left on this node, but for the folder of an agent that `keeps` it.
    case cleared(left: [String], keeps: Bool)

    // Between the node and the gang's control, whether they share an agent or not.
    case toNode(GangMessage)
    case toControl(node: Int, GangMessage)

    // From connections of the gang.
    case connection(GangConnection, GangConnectionEvent)
    case connectFailed(String)
    case retryConnect
    /// A worker has waited long enough for the control node to close.
    case leave
    case reportWritten(GangReport, problem: String?)
}

/// What came over the flow program's socket.
package enum RequestLine: Sendable {
    case request(AgentRequest)
    case unreadable(String)

    /// Programs that are being ended still write, and it is their last words that people look for.
    var isOutput: Bool {
        if case .request(.written) = self { true } else { false }
    }
}

/// Where events are queued; usable from any thread.
package typealias AgentEvents = AsyncStream<AgentEvent>.Continuation
