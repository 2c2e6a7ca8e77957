extension SchedulerPlace {
    /// Reads the variables of whatever scheduler has started this command.
    ///
    /// Muster's own variables win, because whoever sets them means this very command; then those of the innermost place:
    /// a container is inside of a Slurm job far more often than the other way round.
    /// - Throws: ``SchedulerPlaceError`` that names the variable which is missing or wrong.
    package static func detect(_ environment: [String: String]) throws(SchedulerPlaceError) -> SchedulerPlace {
        let variables = Variables(values: environment)
        if variables.text("MUSTER_NODE_INDEX") != nil { return try self.program(variables) }
        if variables.text("AWS_BATCH_JOB_ID") != nil { return try self.batch(variables) }
        if variables.text("JOB_COMPLETION_INDEX") != nil { return try self.kubernetes(variables) }
        if variables.text("SLURM_JOB_ID") != nil { return try self.slurm(variables) }
        throw SchedulerPlaceError(
            message:
                "no scheduler says which node this is: none of MUSTER_NODE_INDEX, SLURM_PROCID, JOB_COMPLETION_INDEX and AWS_BATCH_JOB_ID is set"
        )
    }

    private static func program(_ variables: Variables) throws(SchedulerPlaceError) -> SchedulerPlace {
        let job = try variables.required("MUSTER_JOB")
        var place = try self.checked(
            SchedulerPlace(
                scheduler: "program", index: try variables.number("MUSTER_NODE_INDEX"),
                count: try variables.number("MUSTER_NODE_COUNT"), incarnation: "program:\(job)", job: job,
                controlAddress: variables.text("MUSTER_CONTROL_ADDRESS"),
                cpus: try variables.optional("MUSTER_NODE_CPUS"), gpus: try variables.optional("MUSTER_NODE_GPUS"),
                memory: try variables.optional("MUSTER_NODE_MEMORY"),
                end: try variables.optional("MUSTER_JOB_END").map(Double.init)))
        place.address = variables.text("MUSTER_NODE_ADDRESS")
        return place
    }

    private static func slurm(_ variables: Variables) throws(SchedulerPlaceError) -> SchedulerPlace {
        let job = try variables.required("SLURM_JOB_ID")
        guard variables.text("SLURM_PROCID") != nil, variables.text("SLURM_STEP_ID") != nil else {
            throw SchedulerPlaceError(
                message: "the Slurm job \(job) runs this outside of a step: srun has to start it, once on each node")
        }
        let count = ["SLURM_STEP_NUM_NODES", "SLURM_JOB_NUM_NODES", "SLURM_NNODES"].first { variables.text($0) != nil }
        let restarts = try variables.optional("SLURM_RESTART_COUNT") ?? 0
        let list = ["SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST"].lazy.compactMap { variables.text($0) }.first
        let hosts = list.flatMap(HostList.expand) ?? []
        // Megabytes on each node; 0 stands for all that the node has.
        let memory = try variables.optional("SLURM_MEM_PER_NODE").flatMap { $0 > 0 ? $0 << 20 : nil }
        return try self.checked(
            SchedulerPlace(
                scheduler: "slurm", index: try variables.number("SLURM_PROCID"),
                count: try variables.number(count ?? "SLURM_STEP_NUM_NODES"),
                incarnation: "slurm:\(job).\(restarts)", job: job, host: variables.text("SLURMD_NODENAME"),
                hosts: hosts, controlAddress: hosts.first,
                cpus: try variables.first(of: "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"),
                gpus: try self.slurmGPUs(variables), memory: memory,
                end: try variables.optional("SLURM_JOB_END_TIME").map(Double.init)))
    }

    private static func slurmGPUs(_ variables: Variables) throws(SchedulerPlaceError) -> Int {
        if let count = try variables.optional("SLURM_GPUS_ON_NODE") { return count }
        let lists = ["SLURM_STEP_GPUS", "SLURM_JOB_GPUS", "CUDA_VISIBLE_DEVICES"]
        let list = lists.lazy.compactMap { variables.text($0) }.first ?? ""
        return list == "NoDevFiles" ? 0 : list.split(separator: ",").count
    }

    private static func kubernetes(_ variables: Variables) throws(SchedulerPlaceError) -> SchedulerPlace {
        let job = try variables.required("MUSTER_JOB")
        var place = try self.checked(
            SchedulerPlace(
                scheduler: "kubernetes", index: try variables.number("JOB_COMPLETION_INDEX"),
                count: try variables.number("MUSTER_NODE_COUNT"), incarnation: "kubernetes:\(job)", job: job,
                host: variables.text("HOSTNAME"), controlAddress: variables.text("MUSTER_CONTROL_ADDRESS"),
                cpus: try variables.optional("MUSTER_NODE_CPUS"), gpus: try variables.optional("MUSTER_NODE_GPUS"),
                memory: try variables.optional("MUSTER_NODE_MEMORY")))
        place.address = variables.text("MUSTER_NODE_ADDRESS")
        return place
    }

    private static func batch(_ variables: Variables) throws(SchedulerPlaceError) -> SchedulerPlace {
        // A node of a multi-node job has the job's identifier with `#INDEX` behind it.
        let own = try variables.required("AWS_BATCH_JOB_ID")
        let job = own.split(separator: "#").first.map(String.init) ?? own
        let attempt = try variables.optional("AWS_BATCH_JOB_ATTEMPT") ?? 1
        let index = try variables.optional("AWS_BATCH_JOB_NODE_INDEX") ?? 0
        // Only the other nodes are told the main node's address.
        return try self.checked(
            SchedulerPlace(
                scheduler: "batch", index: index, count: try variables.optional("AWS_BATCH_JOB_NUM_NODES") ?? 1,
                incarnation: "batch:\(job).\(attempt)", job: job,
                controlAddress: variables.text("AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"),
                cpus: try variables.optional("MUSTER_NODE_CPUS"), gpus: try variables.optional("MUSTER_NODE_GPUS"),
                memory: try variables.optional("MUSTER_NODE_MEMORY")))
    }

    private static func checked(_ place: SchedulerPlace) throws(SchedulerPlaceError) -> SchedulerPlace {
        guard place.count >= 1, (0..<place.count).contains(place.index) else {
            throw SchedulerPlaceError(
                message: "the job \(place.job) says that this is node \(place.index) of \(place.count) nodes")
        }
        return place
    }
}

/// Variables of an environment, read with their names in the errors. An empty one counts as absent.
private struct Variables {
    let values: [String: String]

    func text(_ name: String) -> String? {
        guard let value = self.values[name], !value.isEmpty else { return nil }
        return value
    }

    func required(_ name: String) throws(SchedulerPlaceError) -> String {
        guard let text = self.text(name) else { throw SchedulerPlaceError(message: "\(name) is not set") }
        return text
    }

    func optional(_ name: String) throws(SchedulerPlaceError) -> Int? {
        guard let text = self.text(name) else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw SchedulerPlaceError(message: "\(name) is '\(text)'; it has to be a whole number")
        }
        return number
    }

    /// The first of these that is set.
    func first(of names: String...) throws(SchedulerPlaceError) -> Int? {
        for name in names { if let number = try self.optional(name) { return number } }
        return nil
    }

    func number(_ name: String) throws(SchedulerPlaceError) -> Int {
        _ = try self.required(name)
        return try self.optional(name) ?? 0
    }
}
