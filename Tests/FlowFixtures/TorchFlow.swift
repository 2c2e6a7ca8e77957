import FoundationEssentials
import Muster

/// A PyTorch cluster whose ranks add up their numbers.
@Flow
struct TorchFlow {
    @Parameter("How many nodes.") var nodes = 2
    @Parameter("How many workers on each.") var processesPerNode = 1
    @Parameter("The rank that fails; -1 for none.") var failingRank = -1
    @Parameter("Arguments for torchrun itself, which make the real one run.") var torchrunArguments: [String] = []

    var sums: [Int] = []
    var environments: [String] = []

    @Step func start() -> Next { .train(nodes: nodes) }

    @PyPI("torch==2.13.0", "numpy")
    @Torchrun
    @Step mutating func train() async throws -> Next {
        let folder = current.temporaryFolder
        try await current.torch.run(
            entrypoint: "Scripts/allreduce.py",
            arguments: ["--output", folder, "--failing-rank", "\(failingRank)"],
            processesPerNode: processesPerNode, torchrunArguments: torchrunArguments)
        let first = current.parallel.nodeIndex * processesPerNode
        for rank in first..<first + processesPerNode {
            let text = try String(contentsOfFile: "\(folder)/sum-\(rank)", encoding: .utf8)
            sums.append(Int(text) ?? -1)
            environments.append(try String(contentsOfFile: "\(folder)/environment-\(rank).json", encoding: .utf8))
        }
        return .join
    }

    @Join mutating func join(_ inputs: [Self]) throws -> Next {
        sums = inputs.flatMap(\.sums)
        environments = inputs.flatMap(\.environments)
        return .end
    }

    @Step func end() throws {
        let world = nodes * processesPerNode
        try expect(sums, Array(repeating: world * (world - 1) / 2, count: world), "sums")
        print("torch: \(sums)")
    }
}
