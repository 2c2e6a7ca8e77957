import FoundationEssentials
import Muster

/// Learns to read handwritten digits on a cluster of four nodes.
@main @Flow
struct DigitsTraining {
    @Parameter("Passes over the training images.") var epochs = 20
    @Parameter("Nodes to train on.") var nodes = 4

    var trainingImages: [Float] = []
    var trainingLabels: [UInt8] = []
    var heldOutImages: [Float] = []
    var heldOutLabels: [UInt8] = []
    var weights = Data()
    var accuracy = 0.0

    /// Loads the 1,797 images of scikit-learn's digits and holds every fifth one out.
    @PyPI("scikit-learn")
    @Step mutating func start() async throws -> Next {
        let folder = Folder(current.temporaryFolder)
        try await current.python.run(script: "load.py", arguments: [folder.path])
        let images: [Float] = try folder.read("images")
        let labels: [UInt8] = try folder.read("labels")
        for (index, label) in labels.enumerated() {
            let image = images[index * 64..<(index + 1) * 64]
            if index.isMultiple(of: 5) {
                heldOutImages += image
                heldOutLabels.append(label)
            } else {
                trainingImages += image
                trainingLabels.append(label)
            }
        }
        print("\(trainingLabels.count) images to train on, \(heldOutLabels.count) held out")
        return .train(nodes: nodes)
    }

    /// Trains one model on all nodes together.
    @Resources(cpu: 1, memory: .gigabytes(2))
    @PyPI("torch==2.13.0", "numpy")
    @Torchrun
    @Step mutating func train() async throws -> Next {
        let folder = Folder(current.temporaryFolder)
        try folder.write(trainingImages, "images")
        try folder.write(trainingLabels, "labels")
        try await current.torch.run(entrypoint: "train.py", arguments: [folder.path, "--epochs", "\(epochs)"])
        if current.parallel.isControl { weights = try folder.data("weights") }
        return .join
    }

    /// Takes the weights from the node that saved them.
    @Join mutating func join(_ inputs: [Self]) throws -> Next {
        weights = inputs[0].weights
        try merge(inputs)
        return .evaluate
    }

    /// Reads the images that no node has seen.
    @PyPI("torch==2.13.0", "numpy")
    @Step mutating func evaluate() async throws -> Next {
        let folder = Folder(current.temporaryFolder)
        try folder.write(heldOutImages, "images")
        try folder.write(heldOutLabels, "labels")
        try folder.write(Array(weights), "weights")
        try await current.python.run(script: "evaluate.py", arguments: [folder.path])
        accuracy = try folder.read("accuracy")[0]
        return .end
    }

    @Step func end() throws {
        let run = "\(current.flowName)/\(current.runID)"
        print("accuracy on \(heldOutLabels.count) held-out images: \(accuracy)")
        print("look at the run with: muster status \(run)   muster logs \(run)/train   muster dump \(current.pathspec)")
        guard accuracy >= 0.95 else { throw TooInaccurate(accuracy: accuracy) }
    }
}

struct TooInaccurate: Error, CustomStringConvertible {
    let accuracy: Double
    var description: String { "the accuracy \(accuracy) is below 0.95; try more epochs" }
}
