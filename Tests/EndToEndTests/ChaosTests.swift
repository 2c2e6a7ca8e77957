import Foundation
import MusterProcess
import Testing

/// The short form of the measure `chaos`, with the programs of this build.
@Suite struct ChaosTests {
    @Test(
        "Whichever process of a gang is killed or stopped, the run names its node, nothing hangs, and nothing is left")
    func rounds() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let spec = ProcessSpec(
            executable: "python3",
            arguments: ["-B", "\(root.path)/Benchmarks/chaos.py", "--programs", Sandbox.programs, "--rounds", "50"],
            environment: ProcessInfo.processInfo.environment)
        let finished = Finished(try await ProcessReactor().run(spec))
        #expect(finished.status == .exited(0), "\(finished)")
    }
}
