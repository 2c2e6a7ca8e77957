package import MusterFrameworks
package import MusterModel
package import MusterProcess
package import MusterWire

/// An event of one node: a message of the gang's control, a request of the step body, or the outcome of an action.
package enum NodeEvent: Sendable, Equatable {
    // From the gang's control. `now` is Unix time in seconds.
    case control(ControlMessage, now: Double)
    /// On the control node only: an answer to a ``ControlNodeRequest``.
    case answered(ControlNodeAnswer)

    // From the agent's loop.
    /// Once a second.
    case tick
    /// This node has to end for a reason of its own; the gang's control hears of it.
    case failed(TaskFailure)

    // The folder and the body.
    /// The folders, the socket and the log are there.
    case prepared(environment: [String: String])
    /// The preparation of the step, or its start, failed.
    case couldNotStart(TaskFailure.Code, reason: String)
    /// The step's server has answered.
    case served(StepServer.Outcome)
    /// The result of the step body was read and stored.
    case collected(NodeOutcome)
    /// Everything that was written before ``NodeAction/awaitLog`` is in the log.
    case logWritten
    /// A write to the log failed.
    case logFailed(String)

    // Processes.
    /// A process has ended.
    case exited(NodeProcess, ExitStatus, ProcessReport)
    /// ``NodeAction/start(_:_:mark:)`` failed.
    case notStarted(NodeProcess, reason: String)
    case foundStopped([StoppedProcess])

    // The cluster's services.
    /// The installed version of the package that the services depend on; nil when there is none.
    case versionTold(String?)
    case servicesPlanned(Result<SetupPlan, AgentError>)
    case serviceReady(Int)

    // Launches.
    case launchChecked(launch: Int, Result<[CheckedLaunch], AgentError>)
    case roundPlanned(LaunchRound, Result<LaunchPlan, AgentError>)
    /// The files of the plan are written; or the reason why not.
    case filesWritten(LaunchRound, AgentError?)
    /// The grace for a daemon's programs to report first is over.
    case daemonJudged(id: Int, LaunchRound, ExitStatus, lastLines: [String])
    /// No process of the round is left on this node.
    case roundCleared(LaunchRound)

    // Requests.
    case request(RequestConnection, RequestLine)
    case requestsEnded(RequestConnection)
    /// An answer that took a while is ready.
    case answer(RequestConnection, AgentAnswer)
    /// The file that the body wants to broadcast, as the file system describes it.
    case fileFound(RequestConnection, path: String, Result<BroadcastSource, AgentError>)

    // Broadcasts, on the nodes that receive.
    /// The node is ready to receive the bytes of the file.
    case broadcastOpened(BroadcastOffer)
    case broadcastReceived(BroadcastOffer, AgentError?)

    /// No process is left below the agent. `isReusable`: the folder is as the next attempt needs it; otherwise it is gone.
    case cleared(isReusable: Bool)
}

/// A file of the control node that its body wants to broadcast.
package struct BroadcastSource: Sendable, Equatable {
    package var identity: FileIdentity
    /// In bytes.
    package var size: Int
    /// The permission bits.
    package var mode: Int
}

/// A request of the control node's own machine to the gang's control: in memory, never on the wire.
package enum ControlNodeRequest: Sendable, Equatable {
    /// A launcher on this node runs a command on another node.
    case remoteRequested(id: Int, node: Int, round: LaunchRound, command: String)
    /// The launcher does not wait for that command any more.
    case remoteAbandoned(id: Int)
    case broadcastRequested(offer: BroadcastOffer)
}

/// An answer of the gang's control to the control node's own machine: in memory, never on the wire.
package enum ControlNodeAnswer: Sendable, Equatable {
    case remoteEnded(id: Int, code: Int)
    case broadcastEnded(broadcast: Int, failure: TaskFailure?)
}
