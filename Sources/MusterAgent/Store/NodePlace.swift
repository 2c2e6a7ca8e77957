import Glibc
import MusterModel
import MusterStore
import MusterWire

/// A node elsewhere, as its agent finds it: which node of which start of the job it is, and what it has.
struct NodePlace: Sendable, Hashable {
    let scheduler: SchedulerPlace
    /// This node's addresses, the likeliest first.
    let addresses: [String]
    /// The environment that the place gives to programs, without the variables for this agent alone.
    let environment: [String: String]
    /// Of the machine.
    let processors: Int
    /// A folder with a short path, made for this node.
    let temporary: String
    /// The place's own tools show what this program prints, and are to show what its step prints.
    var echoes = false

    /// Variables that tell this agent where its order is, or that the job's launcher uses by itself: a program of the
    /// step must see neither. Open MPI and MPICH take PMI's for their own launcher's. By the old names of SLURM_JOB_ID,
    /// SLURM_JOB_NODELIST and SLURM_STEP_ID, which stay, Open MPI finds out that it is in a job of Slurm: its `mpiexec`
    /// then starts its daemons with srun, which waits for ever, since the agents' step has the job's processors, and
    /// Open MPI 4 refuses a program without a launcher.
    private static let hidden = [
        "MUSTER_", "PMI_", "PMIX_", "SLURM_MPI_", "SLURM_JOBID", "SLURM_NODELIST", "SLURM_STEPID",
    ]

    /// Every address of this node. A socket at `::` takes IPv4 as well; a node without IPv6 cannot have one.
    var listens: String { self.addresses.contains { $0.contains(":") } ? "::" : "0.0.0.0" }

    static func scrubbed(_ environment: [String: String]) -> [String: String] {
        environment.filter { name, _ in !self.hidden.contains { name.hasPrefix($0) } }
    }
}

extension NodeSpec {
    /// The specification of this node: the order for all nodes, and what this one's agent has found.
    init(_ order: GangOrder, at place: NodePlace, scratch: String, key: GangKey) {
        let node = place.scheduler
        var environment = place.environment
        let cpus = max(1, node.cpus ?? (order.cpus > 0 ? order.cpus : place.processors))
        if environment["OMP_NUM_THREADS"] == nil, cpus < place.processors {
            // Without it the numeric libraries start a thread for each of the machine's processors.
            environment["OMP_NUM_THREADS"] = "\(cpus)"
        }
        self.init(
            attempt: order.attempt, index: node.index, size: node.count, minimum: min(order.minimum, node.count),
            address: place.addresses.first ?? "127.0.0.1", secret: key.secret(of: node.incarnation),
            rendezvousDeadline: order.rendezvousDeadline, timeout: order.timeout, grace: order.grace,
            program: order.program, task: order.task, store: order.store, package: order.package,
            scratch: scratch, temporary: "\(place.temporary)/\(node.index)",
            environment: environment.merging(order.environment) { $1 }, framework: order.framework, cpus: cpus,
            gpus: node.gpus ?? order.gpus, memory: order.memory > 0 ? order.memory : node.memory ?? 0)
        self.clusterSecret = key.clusterSecret(of: node.incarnation)
        self.listens = place.listens
        self.place = node.scheduler
        self.placeEnd = node.end
        self.echoes = place.echoes ? true : nil
        self.timeoutPatience = order.timeoutPatience
        self.settings = order.settings
    }
}
