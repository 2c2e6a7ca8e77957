import MusterModel

/// A gang to test plans with.
struct TrialGang: Sendable, CustomStringConvertible {
    /// The location of the nodes.
    enum Place: String, CaseIterable {
        case oneMachine = "loopback addresses"
        case manyMachines = "real addresses"
        case version6 = "IPv6 addresses"

        func address(_ node: Int) -> String {
            switch self {
            case .oneMachine: "127.3.0.\(node + 2)"
            case .manyMachines: "10.1.2.\(node + 21)"
            case .version6: "fd00:1::\(node + 21)"
            }
        }
    }

    /// The equipment of each node.
    enum Equipment: String, CaseIterable {
        case oneCPU = "1 cpu"
        case cpus = "4 cpus and memory"
        case gpus = "2 GPUs"
        case mixed = "different nodes"

        func node(_ index: Int) -> (cpus: Int, gpus: Int, memory: Int) {
            switch self {
            case .oneCPU: (1, 0, 0)
            case .cpus: (4, 0, 3 << 30)
            case .gpus: (8, 2, 64 << 30)
            case .mixed: (1 + index, index % 2, index << 30)
            }
        }
    }

    static let sizes = [1, 2, 3, 4, 7]

    /// Every size with every equipment, on alternating locations.
    static let all: [TrialGang] = Self.sizes.flatMap { size in
        Equipment.allCases.enumerated().map { index, equipment in
            let place = Place.allCases[(size + index) % Place.allCases.count]
            return TrialGang(size: size, place: place, equipment: equipment)
        }
    }

    let size: Int
    let place: Place
    let equipment: Equipment

    var description: String { "\(self.size) nodes with \(self.place.rawValue) and \(self.equipment.rawValue)" }

    /// - Parameters:
    ///   - ports: Of each node.
    ///   - firstPort: All following ones are the gang's as well.
    func roster(ports: Int, firstPort: Int) -> Roster {
        Roster(
            nodes: (0..<self.size).map { index in
                let node = self.equipment.node(index)
                let first = firstPort + index * max(0, ports)
                return RosterNode(
                    index: index, address: self.place.address(index), cpus: node.cpus, gpus: node.gpus,
                    memory: node.memory, ports: (0..<max(0, ports)).map { first + $0 })
            })
    }
}
