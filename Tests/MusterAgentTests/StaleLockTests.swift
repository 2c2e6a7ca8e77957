import Foundation
import MusterModel
import MusterWire
import Testing

@testable import MusterAgent

/// What killed processes of a framework would leave for everybody who comes after them.
@Suite(.timeLimit(.minutes(10))) struct StaleLockTests {
    /// Rank 0 compiles as torch does; the other fails meanwhile.
    static let worker = """
        #!/usr/bin/python3 -IS
        import os, sys, time
        folder = os.environ["TORCH_EXTENSIONS_DIR"] + "/comm"
        os.makedirs(folder, exist_ok=True)
        if os.environ["RANK"] == "0":
            file = os.open(folder + "/lock", os.O_CREAT | os.O_EXCL)
            time.sleep(600)
        while not os.path.exists(folder + "/lock"): time.sleep(0.01)
        sys.exit(3)
        """

    @Test("A build that is ended with its launch leaves no lock for which the next run would wait", arguments: 1...2)
    func lock(size: Int) async throws {
        let body = """
            options = {"entrypoint": "./worker", "deepspeedArguments": ["--no_python", "--num_gpus=\(3 - size)"]}
            answer = ask({"framework": {"framework": "deepspeed", "options": options}})
            if answer != {"done": {}}: fail(answer)
            result()
            """
        let harness = try AgentHarness(size, body, files: ["worker": Self.worker]) {
            $0.environment["TORCH_EXTENSIONS_DIR"] = "\($0.package)/../extensions"
            $0.cpus = 2
        }
        let folder = "\(harness.root)/extensions/comm"
        try harness.start()
        let report = try await harness.report()
        #expect(report.failure?.exitCode == 3, "\(report)")
        #expect(report.failure?.process == "rank 1")
        harness.expectNothingLeft()
        #expect(FileManager.default.fileExists(atPath: folder))
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/lock"))
    }
}
