import FoundationEssentials
import Muster

/// Solves a system of linear equations with numpy and mpi4py on the ranks of several nodes.
@main @Flow
struct MPINumpy {
    @Parameter("Nodes of two slots each.") var nodes = 2
    @Parameter("Unknowns.") var size = 1200

    var error = 0.0
    var iterations = 0
    var ranks = 0

    @Step func start() -> Next { .solve(nodes: nodes) }

    @Resources(cpu: 2)
    @PyPI("mpich==5.0.2", "mpi4py==4.1.2", "numpy")
    @MPI
    @Step mutating func solve() async throws -> Next {
        let output = "\(current.temporaryFolder)/result"
        try await current.mpi.exec(
            arguments: ["-n", "\(2 * nodes)"], program: "python3",
            programArguments: ["solve.py", output, "--size", "\(size)"])
        let data = try Data(contentsOf: URL(filePath: output))
        let result = [Double](unsafeUninitializedCapacity: 4) { buffer, count in count = data.copyBytes(to: buffer) / 8
        }
        (error, iterations, ranks) = (result[0], Int(result[1]), Int(result[2]))
        return .join
    }

    @Join mutating func join(_ inputs: [Self]) -> Next {
        (error, iterations, ranks) = (inputs[0].error, inputs[0].iterations, inputs[0].ranks)
        return .end
    }

    @Step func end() throws {
        print("\(size) unknowns on \(ranks) ranks: \(iterations) iterations, largest error \(error)")
        guard ranks == 2 * nodes, error < 1e-9 else { throw Unexpected("\(ranks) ranks came to an error of \(error)") }
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
