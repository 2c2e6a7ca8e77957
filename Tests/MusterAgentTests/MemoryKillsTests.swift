import Foundation
import MusterModel
import MusterTestSupport
import MusterWire
import Testing

@testable import MusterAgent

@Suite struct MemoryKillsTests {
    private static let ones = "9:name=systemd:/\n4:memory:/slurm/job_7\n1:cpu,cpuacct:/\n0::/\n"
    private static let two = "0::/slurm/job_7\n"

    @Test(
        "Kills are counted from the start, in either version of cgroups",
        arguments: [
            (Self.ones, "memory/slurm/job_7/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill "),
            (Self.two, "slurm/job_7/memory.events", "low 0\noom 3\noom_kill "),
        ])
    func counts(cgroups: String, file: String, before: String) throws {
        let folder = try TestFolder()
        let list = try folder.write("cgroup", cgroups)
        try folder.write(file, "\(before)2\n")
        let kills = MemoryKills(cgroups: list, root: folder.path)
        #expect(!kills.hasHappened)
        try folder.write(file, "\(before)3\noom_group_kill 0\n")
        #expect(kills.hasHappened)
    }

    @Test("Where nothing can be known nothing is said")
    func unknown() throws {
        let folder = try TestFolder()
        #expect(!MemoryKills(cgroups: "/no/such/file", root: folder.path).hasHappened)
        for list in ["", "nonsense\n", Self.ones, Self.two] {
            #expect(!MemoryKills(cgroups: try folder.write("cgroup", list), root: folder.path).hasHappened)
        }
    }

    @Test("Only a body that SIGKILL has ended is explained, and keeps what else is known of it")
    func explains() throws {
        let folder = try TestFolder()
        let list = try folder.write("cgroup", Self.two)
        try folder.write("slurm/job_7/memory.events", "oom_kill 0\n")
        let kills = MemoryKills(cgroups: list, root: folder.path)
        func ended(_ signal: Int?) -> WorkerMessage {
            let failure = TaskFailure(
                code: .signal, message: "rank 1 was ended", node: 1, process: "rank 1", signal: signal)
            return .ended(outcome: .failed(failure: failure, left: [:], after: "2"))
        }
        #expect(ended(9).explained(by: kills) == ended(9))
        try folder.write("slurm/job_7/memory.events", "oom_kill 1\n")
        #expect(ended(15).explained(by: kills) == ended(15))
        #expect(ended(nil).explained(by: kills) == ended(nil))
        guard case .ended(.failed(let failure, let left, let after)) = ended(9).explained(by: kills) else {
            Issue.record("it is another message")
            return
        }
        #expect(failure.message.hasPrefix("rank 1 was ended: the kernel has killed"))
        #expect(failure.node == 1 && failure.process == "rank 1" && failure.signal == 9)
        #expect(left == [:] && after == "2")
    }
}
