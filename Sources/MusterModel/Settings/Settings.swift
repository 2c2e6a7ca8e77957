/// Everything that can be set, each with its default. `Documentation/Settings.md` lists the keys; the command line reads
/// them.
package struct Settings: Sendable, Equatable {
    /// The store's folder, or its bucket as `s3://bucket/prefix`; nil: `.muster` in the current folder.
    package var store: String?
    /// The name under which runs are recorded; nil: the system's user.
    package var user: String?
    /// The folder of Python environments and compiled extensions; nil: `$XDG_CACHE_HOME/muster`, or `~/.cache/muster`.
    package var cache: String?
    package var run = RunSettings()
    package var programs = ProgramSettings()
    package var machine = MachineSettings()
    package var database = DatabaseSettings()
    package var bucket = BucketSettings()
    package var engine = EngineSettings()
    package var gang = GangSettings()
    package var local = LocalTimes()
    package var node = NodeSettings()
    package var queue = QueueSettings()
    package var python = PythonSettings()
    package var slurm = SlurmSettings()
    package var batch = BatchSettings()
    package var kubernetes = KubernetesSettings()
    package var log = LogSettings()

    package init() {}
}

/// Defaults of the options of `run` and `resume`.
package struct RunSettings: Sendable, Equatable {
    /// How many nodes may run at once. 16, as in Metaflow.
    package var maxWorkers = 16
    /// How many tasks one foreach may have; nil for any number.
    package var maxNumSplits: Int?
    /// Decorators for every step of a Python flow.
    package var decorators: [String] = []
    /// Every step runs in a copy of the code package of its own.
    package var isIsolated = false
    /// Flow programs that can are kept loaded and fork one child per task.
    package var serves = true
    /// Steps get the GPUs that they ask for.
    package var reservesGPUs = true
    /// Others may read the store.
    package var sharesStore = false

    package init() {}
}

/// Paths of programs; nil: found beside `muster` or on the `PATH`.
package struct ProgramSettings: Sendable, Equatable {
    package var agent: String?
    package var python: String?
    package var pythonFrontEnd: String?
    package var uv: String?
    /// Seconds in which a flow program has to print its manifest.
    package var describeDeadline = 30.0

    package init() {}
}

/// Numbers that stand in for what this machine has; nil: what the kernel says.
package struct MachineSettings: Sendable, Equatable {
    package var cpus: Int?
    /// Bytes.
    package var memory: Int?
    package var gpus: Int?

    package init() {}
}

/// Times that stand in every specification of a node by themselves, because places differ in them. Both are seconds.
package struct GangSettings: Sendable, Equatable {
    /// For all nodes of a gang to come to the rendezvous.
    package var rendezvousDeadline = 60.0
    /// Between SIGTERM and SIGKILL when an attempt ends.
    package var grace = 1.5

    package init() {}
}

package struct DatabaseSettings: Sendable, Equatable {
    /// Seconds to wait for a database that another process has locked.
    package var busyTimeout = 30.0

    package init() {}
}

/// Of stores that are buckets. All numbers are seconds.
package struct BucketSettings: Sendable, Equatable {
    /// The folder with this machine's folders of such stores; nil: `stores` in the cache.
    package var folder: String?
    /// Between two signs of life of a run's engine.
    package var leaseInterval = 5.0
    /// Between two looks for a request to end a run.
    package var cancelInterval = 2.0
    /// Between two looks at logs that may have grown, and of a reader at those in the bucket.
    package var logInterval = 1.0

    package init() {}
}

package struct LogSettings: Sendable, Equatable {
    package var level = LogLevel.info

    package init() {}
}

/// How much engine and agents log: each level includes those after it. The names are swift-log's.
public enum LogLevel: String, Codable, Sendable, CaseIterable, Comparable {
    case trace, debug, info, notice, warning, error, critical

    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        let order = Self.allCases
        return order.firstIndex(of: left) ?? 0 < order.firstIndex(of: right) ?? 0
    }
}
