/// The facts that a scheduler tells each of a gang's commands through its environment: which node it is, of how many, and
/// in which start of the job.
package struct SchedulerPlace: Sendable, Hashable {
    /// `slurm`, `kubernetes`, `batch` or `program`.
    package var scheduler: String
    package var index: Int
    package var count: Int
    /// Tells one start of the job from another: a requeue or a second submission has a different one.
    package var incarnation: String
    /// The scheduler's own identifier of the job.
    package var job: String
    /// This node's name as the scheduler knows it; nil when it does not tell.
    package var host: String?
    /// The names of all nodes in order; empty when they are not told.
    package var hosts: [String] = []
    /// This node's own address, where the place gives it one; nil: one of its interfaces'.
    package var address: String?
    /// An address or a name of node 0 that is known before anything runs; nil otherwise.
    package var controlAddress: String?
    /// Processors that this node may use; nil when the scheduler does not tell.
    package var cpus: Int?
    package var gpus: Int?
    /// Bytes.
    package var memory: Int?
    /// Unix time at which the scheduler ends the job.
    package var end: Double?

    package init(
        scheduler: String, index: Int, count: Int, incarnation: String, job: String, host: String? = nil,
        hosts: [String] = [], controlAddress: String? = nil, cpus: Int? = nil, gpus: Int? = nil, memory: Int? = nil,
        end: Double? = nil
    ) {
        self.scheduler = scheduler
        self.index = index
        self.count = count
        self.incarnation = incarnation
        self.job = job
        self.host = host
        self.hosts = hosts
        self.controlAddress = controlAddress
        self.cpus = cpus
        self.gpus = gpus
        self.memory = memory
        self.end = end
    }
}

/// The environment does not say which node of which job this is.
package struct SchedulerPlaceError: Error, Sendable, Hashable, CustomStringConvertible {
    package let message: String
    package var description: String { self.message }
}
