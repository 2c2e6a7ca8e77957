import Muster

/// A gang in which one node, chosen by number, never comes to an end.
@Flow
struct TimeoutFlow {
    @Parameter("How many nodes.") var nodes = 2
    @Parameter("The node that sleeps; -1 for none.") var sleeper = 1

    @Step func start() -> Next { .work(nodes: nodes) }

    @Timeout(seconds: 2)
    @Parallel
    @Step func work() async throws -> Next {
        if current.parallel.nodeIndex == sleeper { try await current.process.run(["sleep", "600"]) }
        return .join
    }

    @Join func join(_ inputs: [Self]) -> Next { .end }
    @Step func end() {}
}
