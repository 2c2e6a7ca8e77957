import FoundationEssentials
import Muster

/// Learns to read handwritten digits with TensorFlow's MultiWorkerMirroredStrategy.
@main @Flow
struct TensorFlowMultiWorker {
    @Parameter("Passes over the training images.") var epochs = 20
    @Parameter("Nodes to train on.") var nodes = 2

    var weights: [Float] = []
    var accuracy = 0.0
    var workers = 0

    @Step func start() -> Next { .train(nodes: nodes) }

    /// Every node runs the body, and every process that it starts finds `TF_CONFIG`.
    @Resources(cpu: 1, memory: .gigabytes(2))
    @PyPI("tensorflow-cpu==2.21.0", "scikit-learn==1.9.1")
    @TensorFlow
    @Step mutating func train() async throws -> Next {
        let folder = current.temporaryFolder
        try await current.python.run(script: "train.py", arguments: [folder, "--epochs", "\(epochs)"])
        if current.parallel.isControl {
            weights = try Self.read("\(folder)/weights")
            let result: [Double] = try Self.read("\(folder)/result")
            (accuracy, workers) = (result[0], Int(result[1]))
        }
        return .join
    }

    /// Numbers as numpy's `tofile` writes them: raw, without a header.
    private static func read<Number: BitwiseCopyable>(_ path: String) throws -> [Number] {
        let data = try Data(contentsOf: URL(filePath: path))
        let size = MemoryLayout<Number>.stride
        return [Number](unsafeUninitializedCapacity: data.count / size) { $1 = data.copyBytes(to: $0) / size }
    }

    @Join mutating func join(_ inputs: [Self]) -> Next {
        (weights, accuracy, workers) = (inputs[0].weights, inputs[0].accuracy, inputs[0].workers)
        return .end
    }

    @Step func end() throws {
        print("\(workers) workers; \(weights.count) weights; accuracy on held-out images: \(accuracy)")
        guard workers == nodes, accuracy >= 0.95 else {
            throw Unexpected("\(workers) of \(nodes) workers came to an accuracy of \(accuracy)")
        }
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
