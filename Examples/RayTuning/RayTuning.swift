import FoundationEssentials
import Muster

/// Looks for good hyperparameters: a grid of trials, spread by Ray over the nodes of its cluster.
@main @Flow
struct RayTuning {
    @Parameter("Nodes to try on.") var nodes = 4

    var trials: [Trial] = []
    var addresses: [String] = []

    struct Trial: Codable, Sendable {
        var hidden: Int
        var rate: Double
        var decay: Double
        var accuracy: Double
        /// The address of the node that did it.
        var node: String
    }

    @Step func start() -> Next { .tune(nodes: nodes) }

    /// The cluster is up when the body begins, on the control node; `ray.init()` finds it.
    @Resources(cpu: 1, memory: .gigabytes(1))
    @PyPI("ray==2.60.0", "scikit-learn==1.9.1")
    @Ray
    @Step mutating func tune() async throws -> Next {
        let output = "\(current.temporaryFolder)/trials.json"
        try await current.python.run(script: "tune.py", arguments: [output, "--nodes", "\(nodes)"])
        let table = try JSONDecoder().decode(Table.self, from: Data(contentsOf: URL(filePath: output)))
        trials = table.trials
        addresses = table.nodes
        return .join
    }

    private struct Table: Decodable {
        var nodes: [String]
        var trials: [Trial]
    }

    @Join mutating func join(_ inputs: [Self]) -> Next {
        trials = inputs[0].trials
        addresses = inputs[0].addresses
        return .end
    }

    @Step func end() throws {
        for address in addresses {
            let count = trials.count { $0.node == address }
            print("\(address) did \(count) of \(trials.count) trials")
            guard count > 0 else { throw Unexpected("the node \(address) did nothing") }
        }
        guard addresses.count == nodes, let best = trials.max(by: { $0.accuracy < $1.accuracy }) else {
            throw Unexpected("\(addresses.count) of \(nodes) nodes were there")
        }
        print("best: hidden \(best.hidden), rate \(best.rate), decay \(best.decay): accuracy \(best.accuracy)")
        guard best.accuracy >= 0.95 else { throw Unexpected("the best accuracy, \(best.accuracy), is below 0.95") }
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
