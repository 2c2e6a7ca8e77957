import Testing

@testable import FormationBenchmark

@Suite struct GangSimulationTests {
    @Test("A gang of 64 nodes meets with three messages for each: hello, welcome, roster")
    func meets() async throws {
        let figures = try await GangSimulation(size: 64).run()
        #expect(figures.messagesPerNode == 3)
        #expect(figures.bytesPerNode > 64 * "127.0.0.1".utf8.count)
        #expect(figures.seconds < 20)
    }
}
