import Foundation
import MusterObjects
import MusterProcess
import MusterTestSupport
import Testing

/// Whole runs beside another implementation of S3 than that of the other tests.
@Suite(.beside(.moto), .timeLimit(.minutes(5))) struct BucketMotoTests {
    @Test("A run is the same on a machine that has never seen it, and resumes there")
    func run() async throws {
        let team = try await BucketFlowTests.Team()
        #expect(try await team.run("ForeachFlow", ["--count", "5"], on: "a").status == .exited(0))
        let status = try await team.text(["status", "ForeachFlow", "--json"], on: "a")
        #expect(try await team.text(["status", "ForeachFlow", "--json"], on: "b") == status)
        let logs = try await team.text(["logs", "ForeachFlow/latest"], on: "a")
        #expect(try await team.text(["logs", "ForeachFlow/latest"], on: "b") == logs)
        let resumed = try await team.muster(["resume", try team.sandbox.flow("ForeachFlow"), "join"], on: "c")
        #expect(resumed.status == .exited(0), "\(resumed)")
        #expect(try await team.text(["list"], on: "d").split(separator: "\n").count == 3)
        #expect(try await team.objects.objects(prefix: "runs/").allSatisfy { !$0.key.hasSuffix("/lease") })
    }
}
