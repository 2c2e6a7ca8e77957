import Foundation
import MusterTestSupport
import Testing

/// The script that brings the tests' clusters up.
@Suite(.serialized, .timeLimit(.minutes(60))) struct SlurmClusterTests {
    @Test("It may be run again, several clusters live side by side, and nothing of one is left")
    func sideBySide() async throws {
        let (first, second) = try await SlurmCluster.with { first in
            try await first.script(["up", first.folder, "--nodes", "2"])
            let second = try await SlurmCluster.with(nodes: 1, beside: true) { second in
                let size = try await second.run("sinfo", "--noheader", "--format=%D")
                #expect(size == "1\n")
                return second.folder
            }
            let size = try await first.run("sinfo", "--noheader", "--format=%D")
            #expect(size == "2\n")
            return (first.folder, second)
        }
        for folder in [first, second] {
            #expect(!FileManager.default.fileExists(atPath: folder))
            #expect(!Self.commandLines().contains { $0.contains(folder) })
            let mounts = (try? String(contentsOfFile: "/proc/mounts", encoding: .utf8)) ?? ""
            #expect(!mounts.contains(folder))
        }
    }

    @Test("A node that is killed takes everything on it along, and comes back")
    func killedNode() async throws {
        try await SlurmCluster.with { cluster in
            let mark = "9\(UInt16.random(in: 10_000...60_000))"
            try await cluster.run(
                "sbatch", "-N2", "--ntasks-per-node=1", "--mem=10M", "--output=/dev/null",
                "--wrap=srun --mpi=none sleep \(mark)")
            func sleepers() -> Int {
                Self.commandLines().filter { $0.hasSuffix("sleep \(mark)") && !$0.contains("srun") }.count
            }
            for _ in 0..<300 where sleepers() < 2 { try await Task.sleep(for: .milliseconds(100)) }
            #expect(sleepers() == 2)
            let mode = try? String(contentsOfFile: "\(cluster.folder)/run/mode", encoding: .utf8)
            try await cluster.script(["kill", cluster.folder, "node2"])
            // Without namespaces slurmd alone is killed.
            if mode == "namespaces\n" { #expect(sleepers() <= 1) }
            try await cluster.script(["up", cluster.folder, "--nodes", "2"])
        }
    }

    /// The command lines of all processes, their words with a space between.
    private static func commandLines() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { $0.first?.isNumber == true }.compactMap { pid in
            FileManager.default.contents(atPath: "/proc/\(pid)/cmdline").map { data in
                data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
            }
        }
    }
}
