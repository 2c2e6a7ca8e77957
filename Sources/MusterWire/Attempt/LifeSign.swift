/// Node 0's sign of life. A reader measures silence by its own clock, since ``count`` last changed.
package struct LifeSign: Codable, Sendable, Hashable {
    package enum Phase: String, Codable, Sendable {
        case forming, running, ending
    }

    /// Goes up by one with every sign.
    package var count: Int
    package var phase: Phase
    /// How many nodes have come to the rendezvous.
    package var joined: Int
    /// The nodes' host names, in node order, as far as they are known.
    package var hosts: [String]

    package init(count: Int, phase: Phase, joined: Int, hosts: [String]) {
        self.count = count
        self.phase = phase
        self.joined = joined
        self.hosts = hosts
    }
}
