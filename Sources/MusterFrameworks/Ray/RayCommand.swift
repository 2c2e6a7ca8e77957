import MusterModel

/// The command that starts Ray on one node, in the words of the release that is installed there.
struct RayCommand {
    /// The share of a node's memory that holds Ray's objects, as Ray's own default is.
    private static let objectShare = 0.3
    /// Of a node that reserves no memory and shares its machine: Ray would give each such node a third of the machine.
    private static let sharedObjectBytes = 512 << 20
    /// The smallest store that Ray accepts.
    private static let leastObjectBytes = 80 << 20

    let settings: RaySettings
    let address: String
    let context: SetupContext

    private var release: RayRelease { RayRelease(self.context.version) }
    private var node: RosterNode { self.context.roster.nodes[self.context.node] }

    var arguments: [String] {
        self.program + [
            "start", "--block", "--disable-usage-stats", "--log-style", "record", "--log-color", "false",
            "--node-ip-address", self.node.address, "--temp-dir", self.context.folder,
            "--num-cpus", "\(self.node.cpus)", "--num-gpus", "\(self.node.gpus)",
        ] + self.logMonitor + self.ports.flatMap { [$0, "0"] } + self.memory
            + (self.context.node == 0 ? self.head : ["--address", self.address])
    }

    private var program: [String] {
        let python = PythonProgram.interpreter(self.context.python, self.context.environment)
        guard self.release.givesNodesFolders else { return [python, "-c", Self.starter, self.context.folder] }
        return [python, "-m", "ray.scripts.scripts"]
    }

    /// `ray start` of releases that give no node but the head a temporary folder of its own, and whose log monitor cannot
    /// be turned off by an option: says both where the options would have said it. Such a node also writes the cluster's
    /// address into the default folder, which nobody has made.
    private static let starter = """
        import os, sys, tempfile
        from ray._private.parameter import RayParams
        made, folder = RayParams.__init__, sys.argv.pop(1)
        def make(self, *arguments, **words):
            made(self, *arguments, **{**words, "temp_dir": folder, "include_log_monitor": False})
        RayParams.__init__ = make
        os.makedirs(os.path.join(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir(), "ray"), exist_ok=True)
        from ray.scripts.scripts import main
        main()
        """

    /// Only the driver's copy of the workers' output needs the log monitor, and it costs seconds.
    private var logMonitor: [String] { self.release.hasLogMonitorOption ? ["--include-log-monitor", "false"] : [] }

    /// For all of these 0 lets the system choose.
    private var ports: [String] {
        let agent = self.release.takesAnyAgentPort ? ["--runtime-env-agent-port"] : []
        return [
            "--object-manager-port", "--node-manager-port", "--dashboard-agent-grpc-port",
            "--dashboard-agent-listen-port",
        ] + agent + ["--metrics-export-port", "--min-worker-port", "--max-worker-port"]
    }

    private var memory: [String] {
        let roster = self.context.roster
        guard self.node.memory > 0 else {
            return roster.isOneMachine && roster.count > 1
                ? ["--object-store-memory", "\(Self.sharedObjectBytes)"] : []
        }
        let objects = max(Self.leastObjectBytes, Int(Double(self.node.memory) * Self.objectShare))
        return ["--memory", "\(self.node.memory)", "--object-store-memory", "\(objects)"]
    }

    private var head: [String] {
        let ports = self.context.roster.nodes[0].ports
        // The monitor is the autoscaler's: a gang has the size it has.
        let head = ["--head", "--no-monitor", "--port", "\(ports[0])", "--include-dashboard"]
        guard self.settings.dashboard else { return head + ["false"] }
        return head + [
            "true", "--dashboard-host", self.node.address, "--dashboard-port",
            "\(self.settings.dashboardPort ?? ports[1])",
        ]
    }
}
