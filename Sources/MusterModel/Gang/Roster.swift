/// The nodes that joined the rendezvous. Every node of a gang holds the same roster.
public struct Roster: Codable, Sendable, Hashable {
    /// In node order: `nodes[k]` is node k, and `nodes[0]` the control node. Never empty.
    public var nodes: [RosterNode]

    public init(nodes: [RosterNode]) { self.nodes = nodes }

    public var count: Int { self.nodes.count }
    /// The control node's address, where frameworks put their masters.
    public var controlAddress: String { self.nodes[0].address }
    /// True when all nodes share one machine, each with a loopback address of its own.
    public var isOneMachine: Bool { self.nodes.allSatisfy { $0.address.hasPrefix("127.") } }
}

/// One node as it introduced itself.
public struct RosterNode: Codable, Sendable, Hashable {
    public var index: Int
    /// An address at which the other nodes reach it.
    public var address: String
    public var cpus: Int
    public var gpus: Int
    /// Bytes that the step reserved on the node; 0 when it reserved none.
    public var memory: Int
    /// Ports that the node keeps free for the step's framework, as many as its setup asks for.
    public var ports: [Int]

    public init(index: Int, address: String, cpus: Int, gpus: Int, memory: Int = 0, ports: [Int] = []) {
        self.index = index
        self.address = address
        self.cpus = cpus
        self.gpus = gpus
        self.memory = memory
        self.ports = ports
    }

    /// The number of cluster processes that fit on the node: one per GPU, or one per CPU without GPUs.
    public var slots: Int { max(1, self.gpus > 0 ? self.gpus : self.cpus) }
}
