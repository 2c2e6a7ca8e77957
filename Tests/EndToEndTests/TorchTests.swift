import Foundation
import MusterModel
import MusterProcess
import MusterStore
import Testing

/// Real PyTorch on real gangs. The first of them fetches PyTorch, which may take minutes.
@Suite(.serialized, .timeLimit(.minutes(20))) struct TorchTests {
    @Test("Workers that the agents start directly find each other, on every node and in every process")
    func direct() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("TorchFlow", ["--nodes", "2", "--processes-per-node", "2"])
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("torch: [6, 6, 6, 6]"), "\(finished)")
        #expect(sandbox.leftovers(of: "TorchFlow").isEmpty)
    }

    @Test("Workers get exactly the variables that the real torchrun sets, with the same meaning")
    func sameEnvironment() async throws {
        let direct = try await self.environments([])
        let real = try await self.environments(["--monitor-interval", "0.2", "--rdzv-conf", "timeout=60"])
        #expect(direct.count == 2 && real.count == 2)
        for (rank, (ours, theirs)) in zip(direct, real).enumerated() {
            let names = { (environment: [String: String]) in Set(environment.keys.filter(Self.isOfTorch)) }
            #expect(names(ours) == names(theirs), "rank \(rank)")
            for name in names(theirs) where !Self.differs(name) {
                #expect(ours[name] == theirs[name], "\(name) of rank \(rank)")
            }
        }
    }

    @Test("A rank that fails ends the gang, with its number, its exit code and its last words")
    func failingRank() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("TorchFlow", ["--nodes", "3", "--failing-rank", "1"])
        #expect(finished.status == .exited(1), "\(finished)")
        let failure = try #require(
            try await sandbox.newest("TorchFlow").machine.tasks.first { $0.status == .failed }?.failure)
        #expect(failure.node == 1)
        #expect(failure.exitCode == 13)
        #expect(failure.process?.contains("rank 1") == true)
        #expect(failure.lastLines.contains { $0.contains("rank 1 fails on purpose") }, "\(failure)")
        #expect(sandbox.leftovers(of: "TorchFlow").isEmpty)
    }

    private func environments(_ torchrun: [String]) async throws -> [[String: String]] {
        let sandbox = try Sandbox()
        let arguments = String(decoding: try JSONEncoder().encode(torchrun), as: UTF8.self)
        let finished = try await sandbox.run("TorchFlow", ["--nodes", "2", "--torchrun-arguments", arguments])
        #expect(finished.status == .exited(0), "\(finished)")
        let (_, machine) = try await sandbox.newest("TorchFlow")
        let reference = try #require(machine.tasks.last?.results.first?.artifacts["environments"])
        let data = try ArtifactStore(sandbox.layout).data(reference)
        return try JSONDecoder().decode([String].self, from: data).map {
            try JSONDecoder().decode([String: String].self, from: Data($0.utf8))
        }
    }

    private static func isOfTorch(_ name: String) -> Bool {
        let names: Set = [
            "RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "OMP_NUM_THREADS",
        ]
        return names.contains(name)
            || ["GROUP_", "ROLE_", "TORCH", "NCCL_", "PET_"].contains { name.hasPrefix($0) }
    }

    /// Names whose values are of one launch alone, or say that torchrun's own store is there.
    private static func differs(_ name: String) -> Bool {
        [
            "MASTER_PORT", "MASTER_ADDR", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_USE_AGENT_STORE",
            "TORCHELASTIC_ERROR_FILE",
        ].contains(name)
    }
}
