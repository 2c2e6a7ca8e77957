import FoundationEssentials
import Muster

/// Trains one model on two nodes with PyTorch's DistributedDataParallel.
@main @Flow
struct TorchrunFlow {
    @Parameter("Passes over the data.") var epochs = 60
    @Parameter("Nodes to train on.") var nodes = 2

    var weights = Data()

    @Step func start() -> Next { .train(nodes: nodes) }

    /// Every node calls this; the workers find each other.
    @Resources(cpu: 1)
    @PyPI("numpy", "torch==2.13.0")
    @Torchrun(processesPerNode: 1)
    @Step mutating func train() async throws -> Next {
        let model = "\(current.temporaryFolder)/model.pt"
        try await current.torch.run(entrypoint: "train.py", arguments: ["--epochs", "\(epochs)", "--save", model])
        if current.parallel.isControl { weights = try Data(contentsOf: URL(filePath: model)) }
        return .join
    }

    @Join mutating func join(_ inputs: [Self]) -> Next {
        weights = inputs[0].weights
        return .end
    }

    @Step func end() { print("trained on \(nodes) nodes: \(weights.count) bytes of weights") }
}
