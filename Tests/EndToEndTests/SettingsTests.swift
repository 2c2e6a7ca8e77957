import Foundation
import MusterModel
import MusterProcess
import MusterStore
import Testing

@Suite struct SettingsEndToEndTests {
    private static let flow = """
        from metaflow import FlowSpec, step

        class SetFlow(FlowSpec):
            @step
            def start(self):
                print("user", __import__("os").environ["MUSTER_USER"])
                self.next(self.end)

            @step
            def end(self):
                pass

        if __name__ == "__main__":
            SetFlow()

        """

    private func sandbox(settings: String) throws -> Sandbox {
        let sandbox = try Sandbox()
        let folder = "\(sandbox.folder)/project"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(Self.flow.utf8).write(to: URL(filePath: "\(folder)/flow.py"))
        try Data(settings.utf8).write(to: URL(filePath: "\(folder)/muster.yaml"))
        return sandbox
    }

    @Test(
        "A muster.yaml beside the flow counts for its run, for what the run starts, and for what is asked there later")
    func file() async throws {
        let sandbox = try self.sandbox(settings: "store: ../kept\nuser: ada\nlog.level: debug\n")
        let config = try await sandbox.muster(["config", "project/flow.py", "--setting", "gang.grace=3"])
        for line in [
            "store .* \\S+/project/muster.yaml:1", "gang.grace +3 +--setting gang.grace",
            "run.max-workers +16 +default",
        ] {
            #expect(config.output.firstMatch(of: try Regex(line)) != nil, "\(config)")
        }
        let run = try await sandbox.muster(["run", "project/flow.py"])
        #expect(run.status == .exited(0) && run.output.contains("user ada"), "\(run)")
        #expect(!FileManager.default.fileExists(atPath: sandbox.store))
        let list = try await sandbox.muster(["list"], folder: "\(sandbox.folder)/project")
        #expect(list.output.contains("SetFlow/") && list.output.contains("ada"), "\(list)")
    }

    @Test("A key that nobody knows is refused with its line before anything is made")
    func unknown() async throws {
        let sandbox = try self.sandbox(settings: "run:\n  max-worker: 3\n")
        let run = try await sandbox.muster(["run", "project/flow.py"])
        #expect(run.status == .exited(2), "\(run)")
        #expect(
            run.errors.contains(
                "/project/muster.yaml:2: there is no setting 'run.max-worker' (did you mean 'run.max-workers'?)"),
            "\(run)")
        #expect(!FileManager.default.fileExists(atPath: sandbox.store))
    }

    @Test("The engine's log is in the run's folder, and tells what the level asks for")
    func engineLog() async throws {
        for (level, tells) in [("info", false), ("debug", true)] {
            let sandbox = try Sandbox()
            let run = try await sandbox.run("LinearFlow", environment: ["MUSTER_LOG": level])
            #expect(run.status == .exited(0), "\(run)")
            let id = try await sandbox.newest("LinearFlow").record.run
            let path = sandbox.layout.engineLog(flow: "LinearFlow", run: id)
            let log = try String(contentsOf: URL(filePath: path), encoding: .utf8)
            #expect(log.contains("info the run has succeeded run=LinearFlow/\(id)"), "\(log)")
            #expect(log.contains("info an agent is started"), "\(log)")
            #expect(log.contains("debug a node has changed its state") == tells, "\(log)")
        }
    }
}
