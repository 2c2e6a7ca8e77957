import FoundationEssentials
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

/// An action that ``NodeStateMachine`` has decided on. ``NodeRunner`` carries it out.
enum NodeAction: Sendable, Equatable {
    // To the gang's control.
    case tell(WorkerMessage)
    /// On the control node only.
    case ask(ControlNodeRequest)

    // The body.
    /// Make the folders, the socket and the log: ``NodeEvent/prepared(environment:)``.
    case prepare(Roster)
    /// Write `task.json`, start the step (through its server where there is one) unless this node has no body, and answer
    /// requests.
    case startBody(TaskFile, hasBody: Bool)
    /// Start the step in a process of its own: its server has refused.
    case spawnStep
    /// Read the result of the body: ``NodeEvent/collected(_:)``.
    case collect(ExitStatus, leavesNothing: Bool, told: [ToldFailure])

    // Processes.
    /// `mark` is the value of the variable that marks the processes of a launch.
    case start(NodeProcess, PlannedProcess, mark: String?)
    case terminate(NodeProcess)

    // The cluster's services.
    /// Make the services' folder and ask for the version of `package`, if any: ``NodeEvent/versionTold(_:)``.
    case prepareServices(package: String?)
    case planServices(FrameworkSettings, SetupContext)
    /// Copy the lines of these log files into the node's log, as they grow.
    case follow([PlannedLogs])
    /// Start a service and wait until it is ready, for so many seconds at most: ``NodeEvent/serviceReady(_:)``.
    case startService(Int, PlannedService, readyWithin: Double)

    // Launches.
    /// Ask the framework: ``NodeEvent/launchChecked(launch:_:)``.
    case check(launch: Int, PlanQuery)
    /// Make the folder of the round and ask the framework: ``NodeEvent/roundPlanned(_:_:)``.
    case plan(LaunchRequest, LaunchContext)
    /// From now on remember which of these files the node's processes have open.
    case expectLockFiles([StaleFilePattern])
    /// ``NodeEvent/filesWritten(_:_:)``
    case write([PlannedFile], LaunchRound)
    /// End the processes of a round, daemons included: ``NodeEvent/roundCleared(_:)``.
    case endRound(RoundProcesses)
    /// The round is over: remove the lock files that its processes left, and send the log's length.
    case tidyRound
    case after(seconds: Double, NodeEvent)

    // Requests.
    case answer(RequestConnection, AgentAnswer)
    /// Check artifacts against their digests, then answer.
    case verify(RequestConnection, [ArtifactReference], isList: Bool)
    case takeCard(RequestConnection, name: String, file: String)
    /// Append to the log, and answer once it has room.
    case log(RequestConnection, process: Int, ProcessStream, Data)
    /// ``NodeEvent/fileFound(_:path:_:)``
    case find(RequestConnection, path: String)
    /// Take the file: from this machine, or from the connection.
    case receive(BroadcastOffer)

    // Once a second.
    case followLogs
    case lookForLockFiles
    /// ``NodeEvent/foundStopped(_:)``
    case lookForStopped

    // The log.
    /// A line of the agent's own.
    case say(String)
    /// Send the log's length to the engine.
    case flushLog
    /// ``NodeEvent/logWritten``
    case awaitLog

    /// End every process below the agent, then empty or remove the folder: ``NodeEvent/cleared(isReusable:)``.
    case clear(NodeClearing)
}

/// The processes of a round on one node, as its end needs them.
struct RoundProcesses: Sendable, Equatable {
    var round: LaunchRound
    var mark: String
    var processes: [NodeProcess]
    /// The process ids of the wrappers around launched programs. Set where all programs have one: the launcher and its
    /// daemons are not asked to end then, and killed once only they are left.
    var wrappers: [Int32]?
}

/// The end of everything on a node.
struct NodeClearing: Sendable, Equatable {
    /// Seconds between SIGTERM and SIGKILL.
    var grace: Double
    /// Keep the folder for the next attempt, emptied.
    var reuses: Bool
    /// Nothing that the step started is left: only its server runs, which serves the next attempt.
    var leavesNothing: Bool
    /// The launch whose processes run.
    var round: RoundProcesses?
}

/// A failure that the step body was told of: an error of the body that names its id is that failure.
struct ToldFailure: Sendable, Equatable {
    var failure: TaskFailure
    /// A launch's failure is the cause of every error by which the body ends afterwards.
    var isOfLaunch: Bool
}
