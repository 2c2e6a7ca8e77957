import MusterModel

/// All keys, in the order of the table in `Documentation/Settings.md`, which is made from this list.
enum SettingKeys {
    static let all: [SettingKey] =
        [places, run, programs, machine, logs, gang, engine, bucket, local, queue, python, slurm, batch, kubernetes]
        .flatMap { $0 }

    private static let places = [
        SettingKey(
            "store", .store(\.store),
            "the store's folder, or a bucket as `s3://bucket/prefix`; without it `.muster` in the current folder",
            option: "--store",
            isInherited: true),
        SettingKey(
            "user", .text(\.user), "the name under which runs are recorded; without it the system's user",
            metaflow: "METAFLOW_USER", isInherited: true),
        SettingKey(
            "cache", .path(\.cache),
            "the folder of Python environments and compiled extensions; without it `$XDG_CACHE_HOME/muster`, or `~/.cache/muster`",
            isInherited: true),
    ]

    private static let run = [
        SettingKey(
            "run.max-workers", .count(\.run.maxWorkers, least: 1), "how many nodes may run at once",
            option: "--max-workers", metaflow: "METAFLOW_RUN_MAX_WORKERS"),
        SettingKey(
            "run.max-num-splits", .optionalCount(\.run.maxNumSplits, least: 1),
            "how many tasks one foreach may have; without it any number", option: "--max-num-splits",
            metaflow: "METAFLOW_RUN_MAX_NUM_SPLITS"),
        SettingKey(
            "run.with", .words(\.run.decorators), "decorators for every step of a Python flow", option: "--with",
            metaflow: "METAFLOW_DEFAULT_DECOSPECS"),
        SettingKey(
            "run.isolated", .flag(\.run.isIsolated), "every step runs in a copy of the code package of its own",
            option: "--isolated"),
        SettingKey(
            "run.serve", .flag(\.run.serves), "flow programs that can are kept loaded and fork one child per task",
            option: "--no-serve"),
        SettingKey(
            "run.gpus", .flag(\.run.reservesGPUs), "steps get the GPUs that they ask for", option: "--without-gpus"),
        SettingKey("run.shared", .flag(\.run.sharesStore), "others may read the store", option: "--shared"),
    ]

    private static let programs = [
        SettingKey(
            "programs.agent", .path(\.programs.agent),
            "the agent; without it `muster-agent` beside `muster`, then on the `PATH`", variable: "MUSTER_AGENT"),
        SettingKey(
            "programs.python", .path(\.programs.python),
            "the interpreter of Python flows; without it `python3` on the `PATH`", variable: "MUSTER_PYTHON",
            isInherited: true),
        SettingKey(
            "programs.python-front-end", .path(\.programs.pythonFrontEnd),
            "the folder of the Python front end; without it the one installed with `muster`",
            variable: "MUSTER_PYTHON_FRONT_END", isInherited: true),
        SettingKey(
            "programs.uv", .program(\.programs.uv),
            "uv, which makes Python environments; without it the one on the `PATH`, or one that is installed in the cache",
            variable: "MUSTER_UV", isInherited: true),
        SettingKey(
            "programs.describe-deadline", .seconds(\.programs.describeDeadline),
            "seconds in which a flow program has to print its manifest"),
    ]

    private static let machine = [
        SettingKey(
            "machine.cpus", .optionalCount(\.machine.cpus, least: 1),
            "processors to reckon with instead of this machine's",
            variable: "MUSTER_CPUS"),
        SettingKey(
            "machine.memory", .memory(\.machine.memory),
            "memory to reckon with: `64G`, `64GiB`, `65536M` (powers of 1024), `64GB` (of 1000) or bytes",
            variable: "MUSTER_MEMORY"),
        SettingKey(
            "machine.gpus", .optionalCount(\.machine.gpus, least: 0), "GPUs to reckon with instead of this machine's",
            variable: "MUSTER_GPUS"),
    ]

    private static let logs = [
        SettingKey(
            "log.level", .level(\.log.level), "how much the engine and the agents log of themselves",
            variable: "MUSTER_LOG")
    ]

    private static let gang = [
        SettingKey(
            "gang.rendezvous-deadline", .seconds(\.gang.rendezvousDeadline),
            "seconds for all nodes to come to the rendezvous"),
        SettingKey(
            "gang.setup-deadline", .optionalSeconds(\.node.setupDeadline),
            "seconds for a framework's services to come up; without it as many as the framework says"),
        SettingKey(
            "gang.grace", .seconds(\.gang.grace, isPositive: false),
            "seconds between SIGTERM and SIGKILL when an attempt ends"),
        SettingKey(
            "gang.failure-grace", .seconds(\.node.failureGrace, isPositive: false),
            "the same after a failure, at most: all other nodes wait for the end"),
        SettingKey(
            "gang.heartbeat-interval", .seconds(\.node.heartbeatInterval),
            "seconds between two heartbeats of a connection; less than half of `gang.heartbeat-timeout`"),
        SettingKey(
            "gang.heartbeat-timeout", .seconds(\.node.heartbeatTimeout),
            "a peer that has not been heard of for this many seconds counts as lost"),
        SettingKey(
            "gang.handshake-timeout", .seconds(\.node.handshakeTimeout),
            "seconds for a connection's handshake and hello together"),
        SettingKey(
            "gang.connect-timeout", .seconds(\.node.connectTimeout),
            "seconds for a worker's TCP connection to the control node"),
        SettingKey(
            "gang.reconnect-interval", .seconds(\.node.reconnectInterval),
            "seconds between two tries of a worker to connect, at most"),
        SettingKey(
            "gang.launcher-grace", .seconds(\.node.launcherGrace, isPositive: false),
            "seconds for a launcher to report why it killed its ranks, before it is blamed itself"),
        SettingKey(
            "gang.report-grace", .seconds(\.node.reportGrace, isPositive: false),
            "seconds for every node to report a service or a program that has ended there, before one is blamed"),
        SettingKey(
            "gang.leave-timeout", .seconds(\.node.leaveTimeout),
            "seconds for an agent to be rid of what it still has to say when it leaves"),
        SettingKey(
            "gang.plan-timeout", .seconds(\.node.planTimeout),
            "seconds for Python to answer a question about the step's framework"),
        SettingKey(
            "gang.probe-interval", .seconds(\.node.probeInterval),
            "seconds between two looks at a port or a file that a framework has to make"),
        SettingKey(
            "gang.log-interval", .seconds(\.node.logInterval),
            "seconds for which growth of a log is collected before the engine hears of it"),
    ]

    private static let engine = [
        SettingKey(
            "engine.cancel-interval", .seconds(\.engine.cancelInterval),
            "seconds between two looks at the file by which `muster cancel` asks for a run's end"),
        SettingKey(
            "engine.lock-timeout", .seconds(\.engine.lockTimeout, isPositive: false),
            "seconds in which another engine has to give up a run's lock"),
        SettingKey(
            "engine.lease-interval", .seconds(\.engine.leaseInterval),
            "seconds between two signs of life beside the run's lock; an engine on another machine waits for ten of them"
        ),
        SettingKey(
            "engine.queue-window", .count(\.engine.queueWindow, least: 1),
            "how far behind the first ready task another one may be started, while the first has to wait"),
        SettingKey(
            "engine.queue-overtakings", .count(\.engine.queueOvertakings, least: 0),
            "how many tasks may overtake the first ready one before all wait for it"),
        SettingKey(
            "database.busy-timeout", .seconds(\.database.busyTimeout, isPositive: false),
            "seconds to wait for a database that another process has locked"),
    ]

    private static let bucket = [
        SettingKey(
            "bucket.folder", .path(\.bucket.folder),
            "the folder with this machine's copies of stores that are buckets; without it `stores` in the cache",
            isInherited: true),
        SettingKey(
            "bucket.lease-interval", .seconds(\.bucket.leaseInterval),
            "seconds between two signs of life of a run's engine in a bucket"),
        SettingKey(
            "bucket.cancel-interval", .seconds(\.bucket.cancelInterval),
            "seconds between two looks into a bucket for a request to end the run"),
        SettingKey(
            "bucket.log-interval", .seconds(\.bucket.logInterval),
            "seconds between two looks at logs that may have grown"),
    ]

    private static let local = [
        SettingKey(
            "local.lost-grace", .seconds(\.local.lostGrace, isPositive: false),
            "seconds for an agent that its gang has lost to exit by itself"),
        SettingKey(
            "local.stopped-grace", .seconds(\.local.stoppedGrace, isPositive: false),
            "an agent that a signal has stopped for this many seconds counts as lost"),
        SettingKey(
            "local.exit-grace", .seconds(\.local.exitGrace, isPositive: false),
            "seconds on top of `gang.grace` for an agent to exit after its attempt"),
        SettingKey(
            "local.dismiss-grace", .seconds(\.local.dismissGrace, isPositive: false),
            "the same for an agent that is dismissed, or whose control node has gone"),
        SettingKey(
            "local.sweep-grace", .seconds(\.local.sweepGrace, isPositive: false),
            "seconds between SIGTERM and SIGKILL for what a dead agent has left"),
        SettingKey(
            "local.sweep-deadline", .seconds(\.local.sweepDeadline), "seconds to end what a dead agent has left"),
        SettingKey(
            "local.clear-deadline", .seconds(\.local.clearDeadline),
            "seconds to end what a killed engine has left, before the run goes on"),
        SettingKey(
            "local.pool-interval", .seconds(\.local.poolInterval),
            "seconds between two looks at tasks that wait for an agent"),
        SettingKey(
            "local.pool-short-load", .seconds(\.local.poolShortLoad, isPositive: false),
            "an agent that loads in fewer seconds is started as soon as a task waits"),
        SettingKey(
            "local.pool-long-load", .seconds(\.local.poolLongLoad),
            "a load counts for this many seconds at most"),
    ]

    private static let queue = [
        SettingKey(
            "queue.rendezvous-deadline", .seconds(\.queue.rendezvousDeadline),
            "seconds for all nodes of a job that runs to come to the rendezvous"),
        SettingKey(
            "queue.look-interval", .seconds(\.queue.lookInterval),
            "seconds between two questions to a scheduler about all jobs of a run"),
        SettingKey(
            "queue.quiet-look-interval", .seconds(\.queue.quietLookInterval),
            "the same once nothing has changed for ten minutes"),
        SettingKey(
            "queue.submission-burst", .count(\.queue.submissionBurst, least: 1),
            "how many jobs may be submitted at once, before `queue.submission-interval` counts"),
        SettingKey(
            "queue.submission-interval", .seconds(\.queue.submissionInterval, isPositive: false),
            "seconds between two submissions after that"),
        SettingKey(
            "queue.submission-deadline", .seconds(\.queue.submissionDeadline),
            "seconds for which submissions that fail are repeated"),
        SettingKey(
            "queue.wait-deadline", .optionalSeconds(\.queue.waitDeadline),
            "seconds for a job to wait in the queue; without it for ever"),
        SettingKey(
            "queue.placement-deadline", .seconds(\.queue.placementDeadline),
            "seconds for which some nodes may hold machines while others have none, at a place that gives them one by one, before all are let go and asked for again"
        ),
        SettingKey(
            "queue.reuse-window", .seconds(\.queue.reuseWindow, isPositive: false),
            "seconds in which a job of one node is given further tasks that ask for the same; 0: each task has its own job"
        ),
        SettingKey(
            "queue.shares-folder", .flag(\.queue.sharesFolder),
            "nodes see the store's folder; false: nothing but the bucket that the store is in"),
    ]

    private static let python = [
        SettingKey(
            "python.wheels", .wheels(\.python.wheels),
            "where nodes that see nothing but the bucket take the packages of a step's Python environment from: `index`, or `store`, the bucket itself"
        )
    ]

    private static let slurm = [
        SettingKey(
            "slurm.ssh", .text(\.slurm.ssh),
            "the host on which Slurm's commands are called, by your `ssh`; without it here"),
        SettingKey(
            "slurm.command-timeout", .seconds(\.slurm.commandTimeout), "seconds for a command of Slurm's that asks"),
        SettingKey(
            "slurm.submission-timeout", .seconds(\.slurm.submissionTimeout), "seconds for `sbatch`"),
        SettingKey("slurm.partition", .text(\.slurm.partition), "the partition, unless the step says otherwise"),
        SettingKey("slurm.account", .text(\.slurm.account), "the account, unless the step says otherwise"),
        SettingKey("slurm.qos", .text(\.slurm.qos), "the quality of service, unless the step says otherwise"),
        SettingKey(
            "slurm.constraint", .text(\.slurm.constraint), "features of the nodes, unless the step says otherwise"),
        SettingKey(
            "slurm.time", .text(\.slurm.time), "the time limit in Slurm's words, unless the step says otherwise"),
        SettingKey(
            "slurm.network", .text(\.slurm.network),
            "the interface or network whose addresses come first, unless the step says otherwise"),
    ]

    private static let batch = [
        SettingKey(
            "batch.queue", .text(\.batch.queue), "the job queue of AWS Batch, unless the step says otherwise",
            metaflow: "METAFLOW_BATCH_JOB_QUEUE"),
        SettingKey(
            "batch.image", .text(\.batch.image),
            "the image of the containers, unless the step says otherwise; without it flows in Python run in `python:VERSION`",
            metaflow: "METAFLOW_BATCH_CONTAINER_IMAGE"),
        SettingKey(
            "batch.registry", .text(\.batch.registry), "the registry of images whose names have none",
            metaflow: "METAFLOW_BATCH_CONTAINER_REGISTRY"),
        SettingKey(
            "batch.job-role", .text(\.batch.jobRole),
            "the ARN of the containers' role, which may read and write the store's bucket",
            metaflow: "METAFLOW_ECS_S3_ACCESS_IAM_ROLE"),
        SettingKey(
            "batch.execution-role", .text(\.batch.executionRole),
            "the ARN of the role with which images are pulled; Fargate needs one",
            metaflow: "METAFLOW_ECS_FARGATE_EXECUTION_ROLE"),
        SettingKey(
            "batch.share", .text(\.batch.share), "the share of a queue with fair shares, unless the step says otherwise"
        ),
    ]

    private static let kubernetes = [
        SettingKey(
            "kubernetes.context", .text(\.kubernetes.context),
            "the context of kubectl's configuration; without it the current one"),
        SettingKey(
            "kubernetes.namespace", .text(\.kubernetes.namespace),
            "the namespace, unless the step says otherwise; without it the context's",
            metaflow: "METAFLOW_KUBERNETES_NAMESPACE"),
        SettingKey(
            "kubernetes.image", .text(\.kubernetes.image),
            "the image of the nodes, unless the step says otherwise; without it flows in Python run in `python:VERSION`",
            metaflow: "METAFLOW_KUBERNETES_CONTAINER_IMAGE"),
        SettingKey(
            "kubernetes.registry", .text(\.kubernetes.registry), "the registry of images whose names have none",
            metaflow: "METAFLOW_KUBERNETES_CONTAINER_REGISTRY"),
        SettingKey(
            "kubernetes.agent-image", .text(\.kubernetes.agentImage),
            "the image that `muster agent image` has made, from which nodes take the agent; without it they fetch it from the store, for which their images need a shell and one of curl, wget, python3 and perl"
        ),
        SettingKey(
            "kubernetes.service-account", .text(\.kubernetes.serviceAccount),
            "the account of the pods, unless the step says otherwise",
            metaflow: "METAFLOW_KUBERNETES_SERVICE_ACCOUNT"),
        SettingKey(
            "kubernetes.secrets", .text(\.kubernetes.secrets),
            "Secrets whose fields become variables of the nodes, with commas between",
            metaflow: "METAFLOW_KUBERNETES_SECRETS"),
        SettingKey(
            "kubernetes.node-selector", .text(\.kubernetes.nodeSelector),
            "labels of the machines, as `NAME=VALUE` with commas between",
            metaflow: "METAFLOW_KUBERNETES_NODE_SELECTOR"),
        SettingKey(
            "kubernetes.tolerations", .text(\.kubernetes.tolerations),
            "taints of machines that do not keep pods away, as a list of JSON",
            metaflow: "METAFLOW_KUBERNETES_TOLERATIONS"),
        SettingKey(
            "kubernetes.labels", .text(\.kubernetes.labels),
            "more labels of the pods, as `NAME=VALUE` with commas between",
            metaflow: "METAFLOW_KUBERNETES_LABELS"),
        SettingKey(
            "kubernetes.annotations", .text(\.kubernetes.annotations),
            "annotations of the pods, as `NAME=VALUE` with commas between",
            metaflow: "METAFLOW_KUBERNETES_ANNOTATIONS"),
        SettingKey(
            "kubernetes.volumes", .text(\.kubernetes.claims),
            "claims of volumes and their paths, as `CLAIM=PATH` with commas between, or JSON",
            metaflow: "METAFLOW_KUBERNETES_PERSISTENT_VOLUME_CLAIMS"),
        SettingKey(
            "kubernetes.gpu-vendor", .text(\.kubernetes.gpuVendor),
            "whose GPUs are meant, `nvidia` or `amd`, or the name of a resource",
            metaflow: "METAFLOW_KUBERNETES_GPU_VENDOR"),
        SettingKey(
            "kubernetes.pull-policy", .text(\.kubernetes.imagePullPolicy),
            "when images are pulled: `Always`, `IfNotPresent` or `Never`",
            metaflow: "METAFLOW_KUBERNETES_IMAGE_PULL_POLICY"),
        SettingKey(
            "kubernetes.pull-secrets", .text(\.kubernetes.imagePullSecrets),
            "Secrets with passwords of registries, with commas between",
            metaflow: "METAFLOW_KUBERNETES_IMAGE_PULL_SECRETS"),
        SettingKey(
            "kubernetes.shared-memory", .text(\.kubernetes.sharedMemory), "MiB of `/dev/shm`",
            metaflow: "METAFLOW_KUBERNETES_SHARED_MEMORY"),
        SettingKey(
            "kubernetes.disk", .text(\.kubernetes.disk), "MiB of disk that a node asks for",
            metaflow: "METAFLOW_KUBERNETES_DISK"),
        SettingKey(
            "kubernetes.cpu", .text(\.kubernetes.cpu),
            "processors of a node whose step does not say, such as `2` or `500m`",
            metaflow: "METAFLOW_KUBERNETES_CPU"),
        SettingKey(
            "kubernetes.memory", .text(\.kubernetes.memory), "MiB of a node whose step does not say",
            metaflow: "METAFLOW_KUBERNETES_MEMORY"),
        SettingKey(
            "kubernetes.qos", .text(\.kubernetes.qos),
            "`guaranteed`: a node's memory and processors are also its limits; `burstable`: they are not",
            metaflow: "METAFLOW_KUBERNETES_QOS"),
        SettingKey(
            "kubernetes.port", .text(\.kubernetes.port), "a port of the nodes that is to stand in the pods",
            metaflow: "METAFLOW_KUBERNETES_PORT"),
        SettingKey(
            "kubernetes.pod-template", .path(\.kubernetes.podTemplate),
            "a file with a pod in YAML, whose fields every pod has in addition"),
        SettingKey("kubernetes.queue", .text(\.kubernetes.queue), "the queue of Kueue, unless the step says otherwise"),
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: Self.all.map { ($0.name, $0) })

    static func named(_ name: String) -> SettingKey? { self.byName[name] }

    /// True when keys begin with `name` and a point.
    static func isGroup(_ name: String) -> Bool { self.all.contains { $0.name.hasPrefix("\(name).") } }

    /// The sentence that refuses `name` at `place`.
    static func refusal(_ name: String, at place: String) -> CommandFailure {
        let hint = NameSuggestion.hint(for: name, among: self.all.map(\.name))
        return CommandFailure(.usage, "\(place): there is no setting '\(name)'\(hint); `muster config` lists all")
    }
}
