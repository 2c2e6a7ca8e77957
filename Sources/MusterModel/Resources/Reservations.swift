/// The resources of a machine that gangs hold. A gang gets all that it asks for or nothing, so no two gangs deadlock.
package struct Reservations: Sendable {
    /// The answer to a request.
    package enum Decision: Sendable, Equatable {
        /// Reserved; one allotment per node. `isOversized` when the gang exceeds the cpus, the memory or the workers and
        /// runs alone.
        case granted([NodeAllotment], isOversized: Bool)
        /// Something else has to end first.
        case wait
        /// This machine can never hold it.
        case never(GPUShortage)
    }

    private struct Holding {
        var nodes: Int
        var resources: Resources
        var gpus: [Int]
    }

    private let capacity: MachineCapacity
    private let maxWorkers: Int
    private var holdings: [AttemptID: Holding] = [:]
    private var freeGPUs: [Int]

    /// - Parameter maxWorkers: how many nodes may run at once.
    package init(capacity: MachineCapacity, maxWorkers: Int) {
        self.capacity = capacity
        self.maxWorkers = max(1, maxWorkers)
        self.freeGPUs = Array(0..<capacity.gpus)
    }

    /// Reserves the largest number of nodes of `sizes` that is free now, with `demand` for each.
    package mutating func reserve(_ attempt: AttemptID, sizes: ClosedRange<Int>, _ demand: ResourceDemand) -> Decision {
        // A gang that can be smaller never takes more than there is: only its least may have to run alone.
        let more = sizes.dropFirst().reversed().first { nodes in
            let wanted = self.wanted(demand, nodes)
            return Self.shortage(nodes: nodes, wanted, capacity: self.capacity) == nil
                && !self.isOversized(nodes: nodes, wanted) && self.fits(nodes: nodes, wanted, isOversized: false)
        }
        guard let more else { return self.reserve(attempt, nodes: sizes.lowerBound, demand) }
        return .granted(self.grant(attempt, nodes: more, self.wanted(demand, more)), isOversized: false)
    }

    /// Asks for `nodes` nodes on behalf of `attempt`.
    package mutating func reserve(_ attempt: AttemptID, nodes: Int, _ demand: ResourceDemand) -> Decision {
        let wanted = self.wanted(demand, nodes)
        if let shortage = Self.shortage(nodes: nodes, wanted, capacity: self.capacity) { return .never(shortage) }
        let isOversized = self.isOversized(nodes: nodes, wanted)
        guard self.fits(nodes: nodes, wanted, isOversized: isOversized) else { return .wait }
        return .granted(self.grant(attempt, nodes: nodes, wanted), isOversized: isOversized)
    }

    private func wanted(_ demand: ResourceDemand, _ nodes: Int) -> Resources {
        demand.reserved(nodes: nodes, of: self.capacity) ?? Resources(cpu: 0, gpu: 0, memory: 0)
    }

    private mutating func grant(_ attempt: AttemptID, nodes: Int, _ wanted: Resources) -> [NodeAllotment] {
        let gpus = Array(self.freeGPUs.prefix(nodes * wanted.gpu))
        self.freeGPUs.removeFirst(gpus.count)
        self.holdings[attempt] = Holding(nodes: nodes, resources: wanted, gpus: gpus)
        return (0..<nodes).map { node in
            NodeAllotment(cpus: wanted.cpu, gpus: Array(gpus.dropFirst(node * wanted.gpu).prefix(wanted.gpu)))
        }
    }

    /// Gives back what `attempt` holds; nothing happens when it holds nothing.
    package mutating func release(_ attempt: AttemptID) {
        guard let holding = self.holdings.removeValue(forKey: attempt) else { return }
        self.freeGPUs = (self.freeGPUs + holding.gpus).sorted()
    }

    /// The GPUs that `capacity` can never give to the gang; nil when it can. Everything else can be shared for want of more.
    package static func shortage(nodes: Int, _ resources: Resources?, capacity: MachineCapacity) -> GPUShortage? {
        guard let resources, resources.gpu > 0, nodes > capacity.gpus / resources.gpu else { return nil }
        return GPUShortage(asked: resources.gpu, nodes: nodes, available: capacity.gpus)
    }

    private func fits(nodes: Int, _ wanted: Resources, isOversized: Bool) -> Bool {
        if isOversized {
            guard self.holdings.isEmpty else { return false }
        } else if self.holdings.values.contains(where: { self.isOversized(nodes: $0.nodes, $0.resources) }) {
            return false
        }
        let used = self.holdings.values
        let usedNodes = used.reduce(0) { $0 + $1.nodes }
        let usedCPUs = used.reduce(0) { $0 + $1.nodes * $1.resources.cpu }
        let usedMemory = used.reduce(0) { $0 + $1.nodes * $1.resources.memory }
        return (isOversized || usedNodes + nodes <= self.maxWorkers)
            && (isOversized || usedCPUs + nodes * wanted.cpu <= self.capacity.cpus)
            && (isOversized || usedMemory + nodes * wanted.memory <= self.capacity.memory)
            && nodes * wanted.gpu <= self.freeGPUs.count
    }

    private func isOversized(nodes: Int, _ resources: Resources) -> Bool {
        nodes > self.maxWorkers || nodes * resources.cpu > self.capacity.cpus
            || resources.memory > 0 && nodes > self.capacity.memory / resources.memory
    }
}
