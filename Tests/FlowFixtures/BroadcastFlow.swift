import FoundationEssentials
import Muster

/// One large file of the control node for all others: what the measure `broadcast` times.
@Flow
struct BroadcastFlow {
    @Parameter("How many nodes, the control node included.") var nodes = 5
    @Parameter("The file, which is copied to the work folder first and not timed.") var file = ""

    @Step func start() -> Next { .send(nodes: nodes) }

    @Parallel
    @Step func send() async throws -> Next {
        let place = current.parallel
        if place.isControl {
            try FileManager.default.copyItem(atPath: file, toPath: "large")
            let start = ContinuousClock.now
            try await place.broadcastFile("large")
            print("broadcast took \(start.duration(to: .now) / .seconds(1)) s")
        }
        try await place.barrier()
        let sent = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
        let came = try FileManager.default.attributesOfItem(atPath: "large")[.size] as? Int
        try expect(came, sent, "the size of the file on node \(place.nodeIndex)")
        return .join
    }

    @Join func join(_ inputs: [Self]) -> Next { .end }

    @Step func end() {}
}
