import FoundationEssentials
import Muster

/// Arguments that a shell, a launcher or a JSON writer could spoil, given to every kind of launch.
@Flow
struct ArgumentsFlow {
    static let difficult = [
        "", "two words", "'single'", "\"double\"", "a=b", "--flag=", "ünïcödé ✓", "$HOME", "`id`", "back\\slash", "*",
        "a,b;c|d",
    ]

    var seen: [String] = []

    @Step func start() -> Next { .torchrun(nodes: 2) }

    @Torchrun
    @Step mutating func torchrun() async throws -> Next {
        let file = "\(current.temporaryFolder)/torchrun"
        try await current.torch.run(
            entrypoint: "Scripts/arguments.py", arguments: [file] + Self.difficult, torchrunArguments: ["--no-python"])
        try check(file, "torchrun")
        return .joinTorchrun
    }

    @Join mutating func joinTorchrun(_ inputs: [Self]) throws -> Next {
        seen = inputs[0].seen
        return .deepspeed(nodes: 2)
    }

    @DeepSpeed
    @Step mutating func deepspeed() async throws -> Next {
        let file = "\(current.temporaryFolder)/deepspeed"
        try await current.deepspeed.run(
            entrypoint: "Scripts/arguments.py", arguments: [file] + Self.difficult,
            deepspeedArguments: ["--no_python", "--no_local_rank"])
        if current.parallel.isControl { try check(file, "deepspeed") }
        return .joinDeepspeed
    }

    @Join mutating func joinDeepspeed(_ inputs: [Self]) throws -> Next {
        seen = inputs[0].seen
        return .mpi(nodes: 2)
    }

    @PyPI("mpich==5.0.2")
    @MPI
    @Step mutating func mpi() async throws -> Next {
        let file = "\(current.temporaryFolder)/mpi"
        try await current.mpi.exec(
            arguments: ["-n", "2"], program: "Scripts/arguments.py", programArguments: [file] + Self.difficult)
        try check(file, "mpi")
        return .joinMpi
    }

    @Join mutating func joinMpi(_ inputs: [Self]) throws -> Next {
        seen = inputs[0].seen
        return .parallel(nodes: 2)
    }

    @Parallel
    @Step mutating func parallel() async throws -> Next {
        let file = "\(current.temporaryFolder)/parallel"
        try await current.parallel.launch(["Scripts/arguments.py", file] + Self.difficult, on: .control)
        if current.parallel.isControl { try check(file, "parallel") }
        return .joinParallel
    }

    @Join mutating func joinParallel(_ inputs: [Self]) throws -> Next {
        seen = inputs[0].seen
        return .end
    }

    @Step func end() throws { print("arguments arrived: \(seen)") }

    private mutating func check(_ file: String, _ name: String) throws {
        let arrived = try JSONDecoder().decode([String].self, from: Data(contentsOf: URL(filePath: file)))
        try expect(arrived, Self.difficult, "the arguments of \(name)")
        seen.append(name)
    }
}
