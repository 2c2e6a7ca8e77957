import Glibc
import MusterModel
import MusterSystem
import MusterWire

/// Counts the kernel's OOM kills in this agent's memory cgroup, by whose limit schedulers and containers hold a job to its
/// memory. The exit status of a process that was killed says SIGKILL and not why.
///
/// Sources: `memory.oom_control` of cgroup v1 and `memory.events` of cgroup v2 count such kills as `oom_kill N`.
struct MemoryKills: Sendable, Equatable {
    private let file: String?
    private let before: Int

    /// Counts from now on.
    /// - Parameters:
    ///   - cgroups: The cgroups of this process, as the kernel lists them.
    ///   - root: Where cgroups are mounted.
    init(cgroups: String = "/proc/self/cgroup", root: String = "/sys/fs/cgroup") {
        self.file = Self.file(cgroups, root)
        self.before = self.file.flatMap(Self.count) ?? 0
    }

    /// A process was killed since; false where that cannot be known.
    var hasHappened: Bool { (self.file.flatMap(Self.count) ?? 0) > self.before }

    /// The file with the count; nil without a memory cgroup.
    private static func file(_ cgroups: String, _ root: String) -> String? {
        guard let lines = Self.text(cgroups)?.split(separator: "\n") else { return nil }
        // `4:memory:/slurm/job_7` and, for version 2, `0::/slurm/job_7`.
        let groups = lines.map { $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false) }
            .filter { $0.count == 3 }
        if let group = groups.first(where: { $0[1].split(separator: ",").contains("memory") }) {
            return "\(root)/memory\(group[2])/memory.oom_control"
        }
        return groups.first { $0[0] == "0" }.map { "\(root)\($0[2])/memory.events" }
    }

    private static func count(_ file: String) -> Int? {
        Self.text(file)?.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
            .flatMap { Int($0.dropFirst("oom_kill ".count)) }
    }

    /// nil where the kernel or the container does not show the file: a failure is told without this reason then.
    private static func text(_ path: String) -> String? {
        FileContents.read(path).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension WorkerMessage {
    /// The end of a body that SIGKILL has ended, with the kernel's reason if that is want of memory.
    func explained(by kills: MemoryKills) -> WorkerMessage {
        guard case .ended(.failed(var failure, let left, let after)) = self, failure.signal == Int(SIGKILL),
            kills.hasHappened
        else { return self }
        failure.message +=
            ": the kernel has killed a process of the job, which used more memory than it asked for; ask for more with @Resources"
        return .ended(outcome: .failed(failure: failure, left: left, after: after))
    }
}
