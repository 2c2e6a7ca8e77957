import Muster

/// A gang whose nodes each leave an artifact of their own.
@Flow
struct GangFlow {
    @Parameter("How many nodes.") var nodes = 4

    var index = -1
    var addresses: [String] = []
    var seen: [Int] = []

    @Step func start() -> Next { .work(nodes: nodes) }

    @Parallel
    @Step mutating func work() throws -> Next {
        index = current.parallel.nodeIndex
        addresses = [current.parallel.controlAddress]
        try expect(current.parallel.nodes, nodes, "number of nodes")
        try expect(current.parallel.isControl, index == 0, "control node")
        print("node \(index) of \(nodes)")
        return .join
    }

    @Join mutating func join(_ inputs: [Self]) throws -> Next {
        seen = inputs.map(\.index)
        addresses = Array(Set(inputs.flatMap(\.addresses)))
        return .end
    }

    @Step func end() throws {
        try expect(seen, Array(0..<nodes), "nodes in order")
        try expect(addresses.count, 1, "control addresses")
        print("gang: \(seen)")
    }
}
