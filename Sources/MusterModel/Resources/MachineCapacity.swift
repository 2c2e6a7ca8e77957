/// The resources of one machine.
package struct MachineCapacity: Sendable, Hashable {
    package var cpus: Int
    /// Bytes.
    package var memory: Int
    package var gpus: Int

    package init(cpus: Int, memory: Int, gpus: Int) {
        self.cpus = cpus
        self.memory = memory
        self.gpus = gpus
    }
}

/// The resources that one node of a gang has reserved.
package struct NodeAllotment: Codable, Sendable, Hashable {
    /// 0 when the step reserves nothing.
    package var cpus: Int
    /// Indices of the machine's GPUs that are this node's own.
    package var gpus: [Int]

    package init(cpus: Int, gpus: [Int]) {
        self.cpus = cpus
        self.gpus = gpus
    }
}
