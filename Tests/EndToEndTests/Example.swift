import Testing

/// One of the project's examples, and the sentence that a run of it ends with, wherever it runs.
struct Example: Sendable, CustomTestStringConvertible {
    /// The flow's source in Python, or the name of its program.
    let path: String
    let flow: String
    let prints: String

    var testDescription: String { self.path }

    private static func python(_ folder: String, _ flow: String, _ prints: String) -> Example {
        Example(path: "\(PythonFlowTests.root)/Examples/Python/\(folder)/flow.py", flow: flow, prints: prints)
    }

    private static func swift(_ program: String, _ flow: String, _ prints: String) -> Example {
        Example(path: "\(Sandbox.programs)/\(program)", flow: flow, prints: prints)
    }

    static let python = [
        Self.python("foreach", "ForeachFlow", "5 samples in ForeachFlow, the best slope is 2.00"),
        Self.python("gang", "GangFlow", "4 nodes, the sum is 499500"),
        Self.python("torchrun", "TorchrunFlow", "the slope is 3.0"),
        Self.python("deepspeed", "DeepSpeedFlow", "the slope is 3.0"),
        Self.python("mpi", "MPIFlow", "2 ranks found 3.141593"),
        Self.python("ray", "RayFlow", "2 nodes, the sum of squares is 2470"),
        Self.python("tensorflow", "TensorFlowFlow", "2 workers, the slope is 3.0"),
    ]
    static let swift = [
        Self.swift("deepspeed-zero", "DeepSpeedZeRO", "numbers of optimizer state on each rank"),
        Self.swift("mpi-heat", "MPIHeat", "3 nodes and one rank agree"),
        Self.swift("mpi-numpy", "MPINumpy", "1200 unknowns on 4 ranks"),
        Self.swift("ray-tuning", "RayTuning", "did 3 of 12 trials"),
        Self.swift("tensorflow-multi-worker", "TensorFlowMultiWorker", "2 workers"),
    ]
}
