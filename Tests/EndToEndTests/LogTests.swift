import Foundation
import MusterModel
import MusterProcess
import Testing

/// Logs as somebody sees them while a run goes on.
@Suite struct LogTests {
    @Test("Following a log shows what comes, and ends with the run, its unfinished last line included")
    func follow() async throws {
        let sandbox = try Sandbox()
        let file = "\(sandbox.folder)/go"
        let run = try sandbox.start(["run", try sandbox.flow("WaitingFlow"), "--file", file])
        await run.wait(for: "before")
        let logs = try sandbox.start(["logs", "WaitingFlow/latest/start/1", "--node", "0", "--follow"])
        await logs.wait(for: "before\n")
        #expect(logs.output == "before\n")
        try Data().write(to: URL(filePath: file))
        #expect(await run.end() == .exited(0), "\(run.output)")
        #expect(await logs.end() == .exited(0))
        #expect(logs.output == "before\nafter")
    }

    @Test("Following a run that is over prints its log and ends")
    func followTheEnd() async throws {
        let sandbox = try Sandbox()
        #expect(try await sandbox.run("NoisyFlow", ["--bytes", "100000"]).status == .exited(0))
        let logs = try await sandbox.muster(["logs", "NoisyFlow/latest/start/1", "--node", "0", "--follow"])
        #expect(logs.status == .exited(0), "\(logs.errors)")
        #expect(logs.output.utf8.count == 100_000)
    }
}
