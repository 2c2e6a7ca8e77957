/// What a node's report of a failure in a launch rests on. When a process dies, a launcher kills all others, on all nodes
/// within milliseconds, so that what comes first need not be the cause.
public enum LaunchEvidence: String, Codable, Sendable, Equatable {
    /// A launcher has left as it does when something has died, which its node knows no more of.
    case hearsay
    /// What watched a program has gone without a word, and the program with it: somebody killed it, or its launcher did
    /// because of something else. Or the program has left as those do that hear of another's death.
    case silence
    /// A process has ended like this.
    case end
    /// A process has ended in a way that tells why others were killed: a launcher by its code, or a launcher or one of its
    /// daemons that was itself killed.
    case account
}
