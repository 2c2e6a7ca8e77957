import Muster

/// Gangs on Slurm, while all other steps run on this machine: the cluster is idle when a gang is submitted.
@Flow
struct SlurmGangFlow {
    @Parameter("How many nodes.") var nodes = 4
    @Parameter("The step: work, which does nothing, or train, an all-reduce by torchrun.") var step = "work"

    @Step func start() -> Next { step == "train" ? .train(nodes: nodes) : .work(nodes: nodes) }

    @Slurm
    @Parallel
    @Step func work() -> Next {
        print("node \(current.parallel.nodeIndex) of \(nodes)")
        return .join
    }

    @Slurm
    @PyPI("torch==2.13.0", "numpy")
    @Torchrun
    @Step func train() async throws -> Next {
        try await current.torch.run(
            entrypoint: "Scripts/allreduce.py", arguments: ["--output", current.temporaryFolder])
        return .join
    }

    @Join func join(_ inputs: [Self]) -> Next { .end }

    @Step func end() {}
}
