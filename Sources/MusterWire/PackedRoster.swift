package import MusterModel

/// A roster as it is sent to every node of a gang: by columns, and a column of equal values as one value.
///
/// Each of N nodes gets N entries, so the bytes of an entry count N² times (columns of one value save 2 s of 3 and 9,200
/// of 21,800 bytes a node at 1,024 nodes, Benchmarks: formation). An entry's position is its node's index; the original
/// indices are sent only where some nodes did not come.
package struct PackedRoster: Codable, Sendable, Equatable {
    package var roster: Roster

    package init(_ roster: Roster) { self.roster = roster }

    private enum CodingKeys: String, CodingKey { case indices, addresses, cpus, gpus, memory, ports }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let nodes = self.roster.nodes
        let indices = nodes.map(\.index)
        if indices != Array(nodes.indices) { try container.encode(indices, forKey: .indices) }
        try container.encode(nodes.map(\.address), forKey: .addresses)
        try container.encode(Self.pack(nodes.map(\.cpus)), forKey: .cpus)
        try container.encode(Self.pack(nodes.map(\.gpus)), forKey: .gpus)
        try container.encode(Self.pack(nodes.map(\.memory)), forKey: .memory)
        try container.encode(Self.pack(nodes.map(\.ports)), forKey: .ports)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let addresses = try container.decode([String].self, forKey: .addresses)
        func column<Value: Decodable>(_ type: Value.Type, _ key: CodingKeys) throws -> [Value] {
            let values = try container.decode([Value].self, forKey: key)
            if values.count == addresses.count { return values }
            guard values.count == 1, !addresses.isEmpty else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "\(values.count) values for \(addresses.count) nodes")
            }
            return Array(repeating: values[0], count: addresses.count)
        }
        let (cpus, gpus) = (try column(Int.self, .cpus), try column(Int.self, .gpus))
        let (memory, ports) = (try column(Int.self, .memory), try column([Int].self, .ports))
        guard !addresses.isEmpty else {
            throw DecodingError.dataCorruptedError(
                forKey: .addresses, in: container, debugDescription: "a roster names at least one node")
        }
        let indices = try container.decodeIfPresent([Int].self, forKey: .indices) ?? Array(addresses.indices)
        guard indices.count == addresses.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .indices, in: container,
                debugDescription: "\(indices.count) indices for \(addresses.count) nodes")
        }
        self.roster = Roster(
            nodes: addresses.indices.map {
                RosterNode(
                    index: indices[$0], address: addresses[$0], cpus: cpus[$0], gpus: gpus[$0], memory: memory[$0],
                    ports: ports[$0])
            })
    }

    private static func pack<Value: Equatable>(_ values: [Value]) -> [Value] {
        guard let first = values.first, values.allSatisfy({ $0 == first }) else { return values }
        return [first]
    }
}
