import FoundationEssentials
import Muster

/// Learns to read handwritten digits with DeepSpeed: every rank keeps a part of the optimizer's state only.
@main @Flow
struct DeepSpeedZeRO {
    @Parameter("Passes over the training images.") var epochs = 20
    @Parameter("Nodes to train on.") var nodes = 4

    var accuracy = 0.0
    var parameters = 0
    /// The count of numbers of the optimizer's state on each rank.
    var statePerRank: [Int] = []

    @Step func start() -> Next { .train(nodes: nodes) }

    /// Trains one model on all nodes together, one worker per reserved cpu.
    @Resources(cpu: 1, memory: .gigabytes(2))
    @PyPI("deepspeed==0.19.2", "torch==2.13.0", "numpy", "scikit-learn", "setuptools")
    @DeepSpeed
    @Step mutating func train() async throws -> Next {
        let folder = current.temporaryFolder
        try await current.deepspeed.run(entrypoint: "train.py", arguments: [folder, "--epochs", "\(epochs)"])
        if current.parallel.isControl {
            let result = try Data(contentsOf: URL(filePath: "\(folder)/result")).numbers
            accuracy = result[0]
            parameters = Int(result[1])
            statePerRank = result[2...].map { Int($0) }
        }
        return .join
    }

    @Join mutating func join(_ inputs: [Self]) -> Next {
        accuracy = inputs[0].accuracy
        parameters = inputs[0].parameters
        statePerRank = inputs[0].statePerRank
        return .end
    }

    @Step func end() throws {
        print("accuracy on held-out images: \(accuracy)")
        print("\(parameters) parameters; numbers of optimizer state on each rank: \(statePerRank)")
        guard accuracy >= 0.95 else { throw Unexpected("the accuracy \(accuracy) is below 0.95; try more epochs") }
        // Adam keeps two numbers per parameter; a rank that held all of them would have partitioned nothing.
        let whole = 2 * parameters
        let isPartitioned = statePerRank.allSatisfy { $0 * statePerRank.count < whole + whole / 10 }
        guard isPartitioned, statePerRank.reduce(0, +) >= whole else {
            throw Unexpected("the optimizer's state is not partitioned: \(statePerRank) of \(whole) numbers")
        }
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension Data {
    /// Numbers as numpy's `tofile` writes them: raw, without a header.
    var numbers: [Double] {
        [Double](unsafeUninitializedCapacity: self.count / 8) { buffer, count in count = self.copyBytes(to: buffer) / 8
        }
    }
}
