/// The evidence of a node's failure report. When a process dies, a launcher kills all others on all nodes within
/// milliseconds, so the first report need not be the cause.
public enum LaunchEvidence: String, Codable, Sendable, Equatable {
    /// A launcher exited with its code for the death of another process, about which its node knows nothing else.
    case hearsay
    /// A program and its watcher ended without a report: they were killed, by the launcher for another failure or by
    /// somebody else. Or the program exited with the code for another process's death.
    case silence
    /// A process ended with this code or signal.
    case end
    /// The end of a process explains why others were killed: a launcher with a telling exit code, or a killed launcher
    /// or daemon of it.
    case account
}
