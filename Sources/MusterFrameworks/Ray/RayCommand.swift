import MusterModel

/// The `ray start` command of one node, in the options of the installed release.
struct RayCommand {
    /// The share of a node's memory for Ray's object store, equal to Ray's default.
    private static let objectShare = 0.3
    /// The object store of a node that reserves no memory and shares its machine. By default Ray would take a third of
    /// the machine for each such node.
    private static let sharedObjectBytes = 512 << 20
    /// The smallest object store that Ray accepts.
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

    /// A Python program around `ray start` for releases without options for a worker's temporary folder and the log
    /// monitor: it sets both in Ray's own modules, and creates the default folder, into which such a node writes the
    /// cluster's address.
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

    /// Only the driver's copy of the workers' output needs the log monitor, whose start takes seconds (Benchmarks:
    /// frameworks).
    private var logMonitor: [String] { self.release.hasLogMonitorOption ? ["--include-log-monitor", "false"] : [] }

    /// 0 lets the system choose the port.
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
        // The monitor serves the autoscaler only, and a gang has a fixed size.
        let head = ["--head", "--no-monitor", "--port", "\(ports[0])", "--include-dashboard"]
        guard self.settings.dashboard else { return head + ["false"] }
        return head + [
            "true", "--dashboard-host", self.node.address, "--dashboard-port",
            "\(self.settings.dashboardPort ?? ports[1])",
        ]
    }
}
