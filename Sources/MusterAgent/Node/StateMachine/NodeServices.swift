import MusterFrameworks

/// The services of the cluster on one node.
struct NodeServices: Sendable, Equatable {
    var plan = SetupPlan()
    /// The stage that starts, and its services that are not ready.
    var stage = 0
    var waiting: Set<Int> = []
    /// Every service that was ever started.
    var started: Set<Int> = []
}
