package import MusterFrameworks
package import MusterModel
package import MusterProcess
package import MusterWire

/// An event of an agent. The agent's loop takes events in the order in which they happened; nothing else changes its state.
package enum AgentEvent: Sendable {
    // From the engine and the system.
    case command(AgentCommand)
    /// The engine is gone, or sent a line that cannot be decoded.
    case inputEnded(reason: String)
    case signal(CInt)
    /// Once a second.
    case tick
    case rendezvousDeadline
    case setupDeadline
    case timeout
    /// The grace for a better account of a round's failure is over.
    case graceOver(LaunchRound)

    // From this node.
    case node(NodeEvent)
    case processExited(NodeProcess, ExitStatus)
    case folderMade(Roster, AgentError?)
    case launchChecked(launch: Int, framework: String, Result<PlanAnswer, AgentError>)
    case foundStopped([StoppedProcess])

    // From the control node's own machine to the gang's control.
    case toControl(WorkerMessage)
    case toOwnControl(ControlNodeRequest)
    case broadcastFailed(broadcast: Int, AgentError)

    // From connections of the gang.
    case fromWorker(GangConnection, GangConnectionEvent<WorkerMessage>)
    case fromControl(GangConnection, GangConnectionEvent<ControlMessage>)
    case connectFailed(String)
    case retryConnect

    // The end of the attempt.
    /// A worker has waited long enough for the control node to close the connection.
    case leave
    case reportWritten(GangReport, problem: String?)
}

/// A line that came over the flow program's socket.
package enum RequestLine: Sendable, Equatable {
    case request(AgentRequest)
    case unreadable(String)

    /// True for the output of a launched program. It is taken while the attempt ends as well: a program's last output is
    /// what people look for.
    var isOutput: Bool {
        if case .request(.written) = self { true } else { false }
    }
}

/// The queue of an agent's events. Any thread may add to it.
package typealias AgentEvents = AsyncStream<AgentEvent>.Continuation
