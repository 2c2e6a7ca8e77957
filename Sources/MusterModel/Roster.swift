/// Who answered at the rendezvous. Every node of a gang holds the same roster.
public struct Roster: Codable, Sendable, Hashable {
    /// In node order: `nodes[k]` is node k, and `nodes[0]` the control node. Never empty.
    public var nodes: [RosterNode]

    public init(nodes: [RosterNode]) { self.nodes = nodes }

    public var count: Int { self.nodes.count }
    /// The control node's address, where frameworks put their masters.
    public var controlAddress: String { self.nodes[0].address }
}

/// One node as it introduced itself.
public struct RosterNode: Codable, Sendable, Hashable {
    public var index: Int
    /// An address at which the other nodes reach it.
    public var address: String
    public var cpus: Int
    public var gpus: Int

    public init(index: Int, address: String, cpus: Int, gpus: Int) {
        self.index = index
        self.address = address
        self.cpus = cpus
        self.gpus = gpus
    }
}
