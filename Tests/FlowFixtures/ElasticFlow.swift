import Muster

/// A gang of as many nodes as can be had.
@Flow
struct ElasticFlow {
    @Parameter("The fewest nodes.") var least = 2
    @Parameter("The most nodes.") var most = 4

    var seen: [Int] = []

    @Step func start() -> Next { .work(nodes: least...most) }

    @Resources(cpu: 1)
    @Torchrun
    @Step mutating func work() async throws -> Next {
        try await current.torch.run(
            entrypoint: "Scripts/world.sh", arguments: ["\(current.parallel.nodes)"], torchrunArguments: ["--no-python"]
        )
        seen = [current.parallel.nodeIndex, current.parallel.nodes]
        return .join
    }

    @Join mutating func join(_ inputs: [Self]) throws -> Next {
        try expect(inputs.map(\.seen), inputs.indices.map { [$0, inputs.count] }, "the nodes")
        seen = [inputs.count]
        return .end
    }

    @Step func end() { print("elastic: \(seen[0]) nodes") }
}
