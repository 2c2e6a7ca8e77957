import Foundation
import MusterModel
import MusterWire
import Testing

@testable import MusterAgent

/// The agents' own workers beside those of the real torchrun.
@Suite(.timeLimit(.minutes(15))) struct TorchrunComparisonTests {
    /// Dumps its environment, then meets the others in an all-reduce.
    static let worker = """
        import json, os, sys, torch, torch.distributed as dist
        environment = dict(os.environ)
        dist.init_process_group("gloo")
        value = torch.ones(1)
        dist.all_reduce(value)
        assert value.item() == dist.get_world_size()
        with open(f"{sys.argv[1]}-{os.environ['RANK']}.json", "w") as file: json.dump(environment, file)
        dist.barrier()
        dist.destroy_process_group()
        sys.stdout.flush()
        os._exit(0)
        """

    /// What differs between any two launches, or between a launcher and none.
    static let own: Set<String> = [
        "MASTER_PORT", "TORCHELASTIC_ERROR_FILE", "TORCHELASTIC_USE_AGENT_STORE", "MUSTER_LAUNCH",
    ]

    @Test(
        "Workers find the same environment as under the real torchrun, and meet in it",
        .enabled("torch cannot be installed here: set MUSTER_TEST_TORCH_PYTHON to a Python that has it") {
            await TorchPython.path.value != nil
        })
    func environment() async throws {
        let python = try #require(await TorchPython.path.value)
        let output = "/tmp/ma-dump-\(UInt32.random(in: 0...UInt32.max))"
        let harness = try AgentHarness(
            2,
            """
            raw = ["--rdzv-id=job", "--max-restarts=1", "--role", "trainer", "--nproc-per-node=2"]
            for name, more in [("direct", []), ("real", ["--local-ranks-filter=0,1"])]:
                answer = torchrun("worker.py", ["\(output)-" + name], raw + more)
                if answer != {"done": {}}: fail(answer)
            result()
            """, files: ["worker.py": Self.worker]
        ) { spec in
            spec.task.python = python
            spec.environment["HOME"] = "/tmp"
        }
        try harness.start()
        let report = try await harness.report()
        #expect(report.failure == nil, "\(report)")
        for rank in 0..<4 {
            let direct = try Self.environment("\(output)-direct-\(rank).json")
            let real = try Self.environment("\(output)-real-\(rank).json")
            #expect(Set(direct.keys) == Set(real.keys))
            for name in real.keys where !Self.own.contains(name) { #expect(direct[name] == real[name], "\(name)") }
            #expect(direct["TORCHELASTIC_USE_AGENT_STORE"] == "False")
            #expect(direct["RANK"] == "\(rank)")
        }
        harness.expectNothingLeft()
    }

    static func environment(_ path: String) throws -> [String: String] {
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try JSONDecoder().decode([String: String].self, from: Data(contentsOf: URL(filePath: path)))
    }
}
