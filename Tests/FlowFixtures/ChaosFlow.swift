import FoundationEssentials
import Muster

/// Gangs that stay busy until something ends them: what Benchmarks/chaos.py kills processes of.
///
/// `sleep 600` is a process that somebody waits for, `sleep 601` a daemon that nobody does.
@Flow
struct ChaosFlow {
    @Parameter("plain, torchrun, mpi or ring.") var kind = "plain"
    @Parameter("How many nodes.") var nodes = 3
    @Parameter("Once this file exists, steps have nothing to do.") var release = ""

    @Step func start() throws -> Next {
        switch kind {
        case "plain": return .plain(nodes: nodes)
        case "torchrun": return .torchrun(nodes: nodes)
        case "mpi": return .mpi(nodes: nodes)
        case "ring": return .ring(nodes: nodes)
        default: throw FixtureError("there is no kind \(kind)")
        }
    }

    private var isReleased: Bool { FileManager.default.fileExists(atPath: release) }

    @Parallel
    @Step func plain() async throws -> Next {
        if isReleased { return .join }
        try await current.process.run(["/bin/sh", "Scripts/daemon.sh"])
        try await current.process.run(["sleep", "600"])
        return .join
    }

    @Torchrun
    @Step func torchrun() async throws -> Next {
        if isReleased { return .join }
        try await current.torch.run(
            entrypoint: "/bin/sh", arguments: ["Scripts/worker.sh"], processesPerNode: 2,
            torchrunArguments: ["--no-python"])
        return .join
    }

    @Resources(cpu: 2)
    @MPI
    @Step func mpi() async throws -> Next {
        if isReleased { return .join }
        try await current.mpi.cc(arguments: ["-o", "idle-rank", "Scripts/idle_rank.c"])
        try await current.mpi.broadcastFile("idle-rank")
        try await current.mpi.exec(arguments: ["-n", "\(2 * nodes)"], program: "idle-rank")
        return .join
    }

    @Ring("hello chaos")
    @Step func ring() async throws -> Next {
        if isReleased { return .join }
        try await current.ring.turn(laps: 100_000, pause: 50)
        return .join
    }

    @Join func join(_ inputs: [Self]) -> Next { .end }

    @Step func end() {}
}
