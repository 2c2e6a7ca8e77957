package import MusterModel
package import MusterProcess
import MusterStore

/// A process that the agent started itself, by its purpose.
package enum NodeProcess: Sendable, Hashable {
    case step
    /// A program that the step body asked for.
    case program(Int)
    /// A service of the cluster, by its index in the plan.
    case service(Int)
    /// A process of a launch, by its index in the plan.
    case worker(LaunchRound, Int)
    /// A command that a launcher runs on this node, by the control node's number for it.
    case remote(LaunchRound, Int)

    /// The number under which its output stands in the node's log.
    var logNumber: Int {
        switch self {
        case .step: 0
        case .program(let id): LogProcess.firstProgram + id
        case .service(let id): LogProcess.firstService + id
        case .worker(_, let index): 1 + index
        case .remote(_, let id): LogProcess.firstRemote + id
        }
    }
}

/// The last words of a process.
package struct ProcessReport: Sendable, Equatable {
    /// Of its output, oldest first.
    package var lastLines: [String] = []
    /// The error that it described in its error file, where it has one.
    package var error: String?
}

/// A process below the agent that a signal has stopped (SIGSTOP, SIGTSTP).
package struct StoppedProcess: Sendable, Equatable {
    package var identity: ProcessIdentity
    /// The processor time that it has used: unchanged at the next look, it did not run in between.
    package var used: UInt64
    package var name: String?
    /// Set for a process that the agent started itself.
    package var process: NodeProcess?
}

extension StoppedProcess {
    /// The stopped processes below `pid`, with their names.
    static func all(below pid: Int32) -> [StoppedProcess] {
        ProcessTree.stopped(below: pid).map {
            StoppedProcess(identity: $0.key, used: $0.value, name: ProcessTree.name(of: $0.key))
        }
    }
}
