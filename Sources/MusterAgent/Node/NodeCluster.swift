import MusterFrameworks
import MusterProcess

/// The services that a node keeps up for its cluster, and the logs that they write by themselves.
struct NodeCluster {
    var plan = SetupPlan()
    var running: [Int: SpawnedProcess] = [:]
    var tails: [Int: OutputTail] = [:]
    /// The stage that is starting, and its services that are not ready.
    var stage = 0
    var waiting: Set<Int> = []
    var logs: [ClusterLogs] = []

    /// Whether nothing was ever started for it.
    var isEmpty: Bool { self.tails.isEmpty }

    func followLogs() { for log in self.logs { log.follow() } }
}
