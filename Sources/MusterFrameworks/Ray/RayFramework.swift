package import MusterModel

/// A Ray cluster of all nodes, up before the body starts on the control node. `ray.init()` finds it by `RAY_ADDRESS`.
///
/// The decorator's settings: `dashboard` (true serves Ray's dashboard on the control node), `dashboardPort` (a free one
/// when it is not given), `workerLogs` (false leaves the output of Ray's workers in Ray's own files).
///
/// Every node runs `ray start --block`, so its processes are the agent's to supervise. The head is up first: a node that
/// does not find the head registered asks again only 2 s later. A node is up once it is registered at the head, so the
/// cluster has its full size when all are. Its raylet logs that at once; `ray start`, which looks once a second, says so
/// later, in words that are less likely to change: whichever comes first counts. The cluster takes nobody in who lacks the
/// attempt's token, in releases of Ray that know tokens; with a dashboard, whose readers have none, there is no token
/// either. The head's port is one that its node keeps free; Ray finds all others by itself. Every node has a temporary
/// folder of its own, for which nodes that share a machine would else race.
package struct RayFramework: Framework {
    package static let name = "ray"

    /// What `ray start` says when its node is up and registered.
    private static let started = "Ray runtime started."
    /// What the raylet of a node logs when the head has registered it.
    private static let registered = " started. Raylet consists of "
    /// The share of a node's memory that holds Ray's objects, as Ray's own default is.
    private static let objectShare = 0.3
    /// Of a node that reserves no memory and shares its machine: Ray would give each such node a third of the machine.
    private static let sharedObjectBytes = 512 << 20
    /// The smallest store that Ray accepts.
    private static let leastObjectBytes = 80 << 20

    package init() {}

    package func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup {
        _ = try Settings(settings)
        return ClusterSetup(bodies: .controlNode, ports: 2, stages: 2)
    }

    package func services(
        settings: [String: JSONValue], _ context: SetupContext
    ) throws(FrameworkError) -> SetupPlan {
        let settings = try Settings(settings)
        let ports = context.roster.nodes[0].ports
        guard ports.count >= 2 else { throw FrameworkError("ray: node 0 keeps no ports free for Ray's head") }
        let address = "\(context.roster.controlAddress):\(ports[0])"
        let isHead = context.node == 0
        let logs = "\(context.folder)/session_latest/logs"
        let service = PlannedService(
            process: PlannedProcess(
                label: isHead ? "the Ray head" : "the Ray node",
                arguments: try self.command(settings, address, context),
                environment: self.environment(settings, context)),
            stage: isHead ? 0 : 1,
            readiness: .first(of: [
                .file(path: "\(logs)/raylet.out", text: Self.registered), .output(text: Self.started),
            ]))
        let workerLogs = PlannedLogs(
            folder: logs, prefixes: ["worker-"], marks: [":job_id:", ":task_name:", ":actor_name:"])
        var environment = Self.defaults.unset(in: context.environment)
        environment["RAY_ADDRESS"] = address
        environment.merge(Self.token(settings, context)) { $1 }
        return SetupPlan(
            services: [service], environment: environment,
            logs: settings.workerLogs ? [workerLogs] : [])
    }

    /// Of the body, where the user has not said otherwise. What the workers write arrives in their nodes' logs; the driver
    /// need not print it again.
    private static let defaults = ["RAY_USAGE_STATS_ENABLED": "0", "RAY_LOG_TO_DRIVER": "0"]

    /// Of `ray start`, whose line that it has started must not wait in a buffer.
    private func environment(_ settings: Settings, _ context: SetupContext) -> [String: String] {
        context.environment.merging(["RAY_USAGE_STATS_ENABLED": "0"]) { own, _ in own }
            .merging(["PYTHONUNBUFFERED": "1"]) { $1 }
            .merging(Self.token(settings, context)) { $1 }
    }

    /// What keeps programs of other clusters out, unless the user has said how Ray is to tell who comes.
    private static func token(_ settings: Settings, _ context: SetupContext) -> [String: String] {
        let isUsers = context.environment.keys.contains { $0.hasPrefix("RAY_AUTH_") }
        guard !settings.dashboard, !context.secret.isEmpty, !isUsers else { return [:] }
        return ["RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": context.secret]
    }

    private func command(
        _ settings: Settings, _ address: String, _ context: SetupContext
    ) throws(FrameworkError) -> [String] {
        let node = context.roster.nodes[context.node]
        let ports = context.roster.nodes[0].ports
        var command = [
            context.environment["PYTHON_EXEC"] ?? context.python ?? "python3", "-m", "ray.scripts.scripts", "start",
            "--block", "--disable-usage-stats", "--log-style", "record", "--log-color", "false",
            // Only the driver's copy of the workers' output needs it, and it costs seconds.
            "--include-log-monitor", "false", "--node-ip-address", node.address, "--temp-dir", context.folder,
            "--num-cpus", "\(node.cpus)", "--num-gpus", "\(node.gpus)",
        ]
        for name in Self.ports { command += [name, "0"] }
        command += self.memory(node, context.roster)
        guard context.node == 0 else { return command + ["--address", address] }
        // The monitor is the autoscaler's: a gang has the size it has.
        command += [
            "--head", "--no-monitor", "--port", "\(ports[0])", "--include-dashboard",
            settings.dashboard ? "true" : "false",
        ]
        if settings.dashboard {
            command += [
                "--dashboard-host", node.address, "--dashboard-port", "\(settings.dashboardPort ?? ports[1])",
            ]
        }
        return command
    }

    /// For all of these 0 lets the system choose.
    private static let ports = [
        "--object-manager-port", "--node-manager-port", "--dashboard-agent-grpc-port", "--dashboard-agent-listen-port",
        "--runtime-env-agent-port", "--metrics-export-port", "--min-worker-port", "--max-worker-port",
    ]

    private func memory(_ node: RosterNode, _ roster: Roster) -> [String] {
        guard node.memory > 0 else {
            return roster.isOneMachine && roster.count > 1
                ? ["--object-store-memory", "\(Self.sharedObjectBytes)"] : []
        }
        let objects = max(Self.leastObjectBytes, Int(Double(node.memory) * Self.objectShare))
        return ["--memory", "\(node.memory)", "--object-store-memory", "\(objects)"]
    }

    private struct Settings {
        let dashboard: Bool
        let dashboardPort: Int?
        let workerLogs: Bool

        init(_ settings: [String: JSONValue]) throws(FrameworkError) {
            let options = try Options(
                RayFramework.name, settings, known: ["dashboard", "dashboardPort", "workerLogs"])
            self.dashboard = try options.flag("dashboard")
            self.dashboardPort = try options.integer("dashboardPort", in: 1...65535)
            self.workerLogs = options.values["workerLogs"] == nil ? true : try options.flag("workerLogs")
        }
    }
}
