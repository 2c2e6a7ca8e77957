package import MusterModel

/// A Ray cluster of all nodes, up before the body starts on the control node. `ray.init()` finds it by `RAY_ADDRESS`.
///
/// The decorator's settings: `dashboard` (true serves Ray's dashboard on the control node), `dashboardPort` (a free one
/// when it is not given), `workerLogs` (false keeps the output of Ray's workers in the log without showing it).
///
/// Every node runs `ray start --block`, so its processes are the agent's to supervise. The head is up first: a node that
/// does not find the head registered asks again only 2 s later. A node is up once it is registered at the head, so the
/// cluster has its full size when all are. Its raylet logs that at once; `ray start`, which looks once a second, says so
/// later, in words that are less likely to change: whichever comes first counts. The cluster takes nobody in who lacks the
/// attempt's token, in releases of Ray that know tokens; with a dashboard, whose readers have none, there is no token
/// either. The head's port is one that its node keeps free; Ray finds all others by itself. Every node has a temporary
/// folder of its own, for which nodes that share a machine would else race. What a release does not know is left out
/// (``RayRelease``).
package struct RayFramework: Framework {
    package static let name = "ray"

    /// What `ray start` says when its node is up and registered.
    private static let started = "Ray runtime started."
    /// What the raylet of a node logs when the head has registered it.
    private static let registered = " started. Raylet consists of "

    package init() {}

    package func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup {
        _ = try RaySettings(settings)
        return ClusterSetup(bodies: .controlNode, ports: 2, stages: 2, package: "ray")
    }

    package func services(
        settings: [String: JSONValue], _ context: SetupContext
    ) throws(FrameworkError) -> SetupPlan {
        let settings = try RaySettings(settings)
        let ports = context.roster.nodes[0].ports
        guard ports.count >= 2 else { throw FrameworkError("ray: node 0 keeps no ports free for Ray's head") }
        let address = "\(context.roster.controlAddress):\(ports[0])"
        let isHead = context.node == 0
        let logs = "\(context.folder)/session_latest/logs"
        let service = PlannedService(
            process: PlannedProcess(
                label: isHead ? "the Ray head" : "the Ray node",
                arguments: RayCommand(settings: settings, address: address, context: context).arguments,
                environment: self.environment(settings, context)),
            stage: isHead ? 0 : 1,
            readiness: .first(of: [
                .file(path: "\(logs)/raylet.out", text: Self.registered), .output(text: Self.started),
            ]))
        let workerLogs = PlannedLogs(
            folder: logs, prefixes: ["worker-"], marks: [":job_id:", ":task_name:", ":actor_name:"],
            isQuiet: !settings.workerLogs)
        var environment = Self.defaults.unset(in: context.environment)
        environment["RAY_ADDRESS"] = address
        environment.merge(Self.token(settings, context)) { $1 }
        return SetupPlan(services: [service], environment: environment, logs: [workerLogs])
    }

    /// Of the body, where the user has not said otherwise. What the workers write arrives in their nodes' logs; the driver
    /// need not print it again.
    private static let defaults = ["RAY_USAGE_STATS_ENABLED": "0", "RAY_LOG_TO_DRIVER": "0"]

    /// Of `ray start`, whose line that it has started must not wait in a buffer.
    private func environment(_ settings: RaySettings, _ context: SetupContext) -> [String: String] {
        context.environment.merging(["RAY_USAGE_STATS_ENABLED": "0"]) { own, _ in own }
            .merging(["PYTHONUNBUFFERED": "1"]) { $1 }
            .merging(Self.token(settings, context)) { $1 }
    }

    /// What keeps programs of other clusters out, unless the user has said how Ray is to tell who comes.
    private static func token(_ settings: RaySettings, _ context: SetupContext) -> [String: String] {
        let isUsers = context.environment.keys.contains { $0.hasPrefix("RAY_AUTH_") }
        guard !settings.dashboard, !context.secret.isEmpty, !isUsers else { return [:] }
        return ["RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": context.secret]
    }
}
