import FoundationEssentials
import Muster

/// A flow as its author writes it.
@Flow
struct MacroFlow {
    enum Mode: String, CaseIterable, Codable { case fast, slow }

    @Parameter("A number.") var rate = 0.5
    @Parameter var mode = Mode.slow
    @Parameter var source: URL?
    @Parameter var layers: [Int] = [1]

    var big: [Double] = []
    var small = 0
    var failure: TaskFailure?

    /// The first step.
    @Seed(42)
    @Resources(cpu: 2, gpu: 1, memory: .gigabytes(2))
    @Retry
    @Timeout(minutes: 1, seconds: 30)
    @Environment(["A": "b"])
    @PyPI("numpy", "torch==2.13.0", python: "3.11")
    @Step mutating func start() -> Next { .all(.left, .right) }

    @Catch(into: "failure")
    @Step mutating func left() async throws -> Next {
        small = 1
        return .join
    }

    @Step mutating func right() -> Next {
        small += 2
        return .join
    }

    @Join mutating func join(left: Self, right: Self) throws -> Next {
        try merge([left, right], exclude: ["small"])
        small = left.small + right.small
        return .train(nodes: 2)
    }

    @Torchrun(processesPerNode: 2, launcher: .torchrun)
    @Step mutating func train() async throws -> Next {
        try await current.torch.run(entrypoint: "train.py", arguments: ["--rate", "\(rate)"], processesPerNode: 3)
        return .gather
    }

    @Join mutating func gather(_ inputs: [Self]) throws -> Next {
        try merge(inputs)
        return .end
    }

    @Seed(-1)
    @Step func end() {}
}
