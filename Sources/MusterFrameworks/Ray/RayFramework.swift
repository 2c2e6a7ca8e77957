package import MusterModel

/// A Ray cluster of all nodes, up before the body starts on the control node. `ray.init()` finds it by `RAY_ADDRESS`.
///
/// The decorator's settings: `dashboard` (true serves Ray's dashboard on the control node), `dashboardPort` (a free one
/// when it is not given), `workerLogs` (false keeps the output of Ray's workers in the log without showing it).
///
/// Every node runs `ray start --block`, so that the agent supervises its processes. The head starts first, because a
/// worker that does not find it retries only after 2 s. A node is ready once it is registered at the head, so the
/// cluster is complete when all nodes are ready. Two texts show the registration, and the first one counts: the
/// raylet's log has it at once; `ray start` polls once a second, but its text is less likely to change (saves up to 1
/// s, Benchmarks: frameworks). Connections need the attempt's token, in releases of Ray with tokens; with a dashboard
/// there is no token, because its readers have none. The head's port is reserved by its node; Ray chooses all others.
/// Every node has its own temporary folder, since nodes that share a machine would race for one. Options that a release
/// lacks are left out (``RayRelease``).
package struct RayFramework: Framework {
    package static let name = "ray"

    /// The line of `ray start` once its node is registered.
    private static let started = "Ray runtime started."
    /// The line in a raylet's log once the head has registered the node.
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

    /// Defaults of the body's environment. The workers' output is in their nodes' logs, so the driver does not print it
    /// again.
    private static let defaults = ["RAY_USAGE_STATS_ENABLED": "0", "RAY_LOG_TO_DRIVER": "0"]

    /// The environment of `ray start`, unbuffered, because its line is waited for.
    private func environment(_ settings: RaySettings, _ context: SetupContext) -> [String: String] {
        context.environment.merging(["RAY_USAGE_STATS_ENABLED": "0"]) { own, _ in own }
            .merging(["PYTHONUNBUFFERED": "1"]) { $1 }
            .merging(Self.token(settings, context)) { $1 }
    }

    /// Authentication by the attempt's token, unless the user has configured Ray's authentication.
    private static func token(_ settings: RaySettings, _ context: SetupContext) -> [String: String] {
        let isUsers = context.environment.keys.contains { $0.hasPrefix("RAY_AUTH_") }
        guard !settings.dashboard, !context.secret.isEmpty, !isUsers else { return [:] }
        return ["RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": context.secret]
    }
}
