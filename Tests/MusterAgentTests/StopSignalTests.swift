import Glibc
import MusterModel
import MusterWire
import Testing

@testable import MusterAgent

@Suite struct StopSignalTests {
    static func spec(place: String?, end: Double? = nil) -> NodeSpec {
        var spec = NodeStateMachineTests.spec(size: 2, index: 1)
        spec.place = place
        spec.placeEnd = end
        return spec
    }

    @Test("A SIGTERM within ten seconds of the place's time limit is that limit's, an earlier one is the place's")
    func limit() {
        let spec = Self.spec(place: "Slurm", end: 1000)
        #expect(spec.failure(of: SIGTERM, now: 989.9).code == .place)
        #expect(spec.failure(of: SIGTERM, now: 990).code == .timeout)
        #expect(spec.failure(of: SIGTERM, now: 1030).code == .timeout)
        #expect(Self.spec(place: "Slurm").failure(of: SIGTERM, now: 990).code == .place)
    }

    @Test("On the engine's machine a signal cancels the attempt")
    func here() {
        let failure = Self.spec(place: nil).failure(of: SIGTERM, now: 0)
        #expect(failure.code == .cancelled && failure.node == 1 && failure.message.contains("SIGTERM"))
    }
}
