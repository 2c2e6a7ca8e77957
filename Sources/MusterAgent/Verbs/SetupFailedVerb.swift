import MusterModel
import MusterWire

/// `muster-agent setup-failed --order FILE CODE`: a line that the place runs before the agent, such as `module load`, has
/// failed on this node. Writes the attempt's report, so that nobody waits for agents that never start.
enum SetupFailedVerb {
    /// Seconds for node 0 of the same start of the job to claim the attempt.
    private static let patience = 10.0

    static func run(_ arguments: [String], environment: [String: String]) async -> CInt {
        guard arguments.count == 3, arguments[0] == "--order", let code = CInt(arguments[2]) else {
            AgentErrors.print("usage: muster-agent setup-failed --order FILE CODE")
            return NodeVerb.Exit.usage.rawValue
        }
        do {
            let store = try NodeStore(order: arguments[1], environment: environment)
            defer { store.bucket?.leave() }
            let place = try SchedulerPlace.detect(environment)
            // Another start of the job may run the attempt.
            guard try await store.owns(place, until: self.patience) else {
                return NodeVerb.Exit.stopped.rawValue
            }
            let failure = TaskFailure(
                code: .environment,
                message: "a set-up line left with exit code \(code) on \(NodeVerb.hostName()), before the step",
                node: place.index, exitCode: Int(code))
            let report = GangReport(failure: failure, nodes: [], started: 0, finished: 0)
            _ = try await store.create(report, as: .report)
            return NodeVerb.Exit.failed.rawValue
        } catch {
            AgentErrors.print("the failed set-up cannot be reported: \(error)")
            return NodeVerb.Exit.failed.rawValue
        }
    }
}
