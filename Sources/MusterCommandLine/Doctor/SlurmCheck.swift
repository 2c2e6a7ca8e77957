import MusterModel
import MusterProcess
import MusterStore

/// Checks that gangs can be sent to Slurm from here.
struct SlurmCheck {
    private let tools: ToolCall
    private let settings: SlurmSettings
    private let layout: StoreLayout
    /// The partition that was asked for; nil for the settings' or Slurm's own.
    private let partition: String?

    init(_ context: CommandContext, _ layout: StoreLayout, partition: String?) {
        self.settings = context.settings.slurm
        self.tools = ToolCall(
            reactor: context.reactor, environment: context.environment.merging(["LC_ALL": "C"]) { $1 },
            ssh: context.settings.slurm.ssh, timeout: context.settings.slurm.commandTimeout)
        self.layout = layout
        self.partition = partition ?? context.settings.slurm.partition
    }

    func findings() async -> [Finding] {
        if let host = self.settings.ssh {
            let answer = await self.tools.answer("true")
            guard answer.isSuccess else {
                return [
                    .missing(
                        "ssh", "\(host) cannot be reached: \(answer.text)",
                        "`ssh -o BatchMode=yes \(host) true` has to work without a password")
                ]
            }
        }
        var findings = self.settings.ssh.map { [Finding.ok("ssh", "\($0) answers")] } ?? []
        findings += await self.commands()
        guard findings.allSatisfy({ $0.status != .missing }) else { return findings }
        findings += [await self.queue(), await self.partitions(), await self.accounting()]
        if self.settings.ssh != nil { findings.append(await self.remoteStore()) }
        return findings
    }

    private var place: String { self.settings.ssh.map { "on \($0)" } ?? "on the PATH" }

    private func commands() async -> [Finding] {
        var findings: [Finding] = []
        for command in ["sbatch", "squeue", "scancel", "scontrol"] {
            let answer = await self.tools.answer(command, ["--version"])
            findings.append(
                answer.isSuccess
                    ? .ok(command, answer.firstLine)
                    : .missing(
                        command, "it does not run \(self.place): \(answer.text)",
                        "call muster on a login node, or name one in the setting slurm.ssh"))
        }
        return findings
    }

    private func queue() async -> Finding {
        let answer = await self.tools.answer("squeue", ["--noheader", "--me", "--format=%i"])
        return answer.isSuccess
            ? .ok("queue", "squeue answers; \(Count.text(answer.lines.count, "job")) of yours")
            : .missing(
                "queue", "squeue does not answer: \(answer.text)",
                "the controller may be down: `scontrol ping` tells; runs wait for it, new ones cannot begin")
    }

    private func partitions() async -> Finding {
        let answer = await self.tools.answer("sinfo", ["--noheader", "--format=%R|%a|%D|%l"])
        guard answer.isSuccess else { return .note("partitions", "sinfo does not answer: \(answer.text)") }
        let rows = answer.lines.map { $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init) }
            .filter { $0.count == 4 }
        let up = rows.filter { $0[1] == "up" }
        let names = Array(Set(up.map { $0[0] })).sorted()
        let missing = (self.partition?.split(separator: ",").map(String.init) ?? []).filter { !names.contains($0) }
        guard missing.isEmpty else {
            return .missing(
                "partitions",
                "\(missing.joined(separator: ", ")) cannot be seen or is down; there are \(names.joined(separator: ", "))",
                "name one of these with partition=…, or in the setting slurm.partition")
        }
        guard !up.isEmpty else {
            return .missing("partitions", "none is up that you can see", "ask those who run the cluster")
        }
        let shown = up.prefix(8).map { "\($0[0]) (\(Count.text(Int($0[2]) ?? 0, "node")), at most \($0[3]))" }
        return .ok("partitions", shown.joined(separator: ", ") + (up.count > 8 ? " and more" : ""))
    }

    private func accounting() async -> Finding {
        let answer = await self.tools.answer(
            "sacct", ["--allocations", "--noheader", "--starttime=now-1hour", "--format=JobID"])
        return answer.isSuccess
            ? .ok("accounting", "sacct answers")
            : .note(
                "accounting", "sacct does not answer: \(answer.text)",
                "the ends of jobs are asked of the controller instead; nothing has to be done")
    }

    private func remoteStore() async -> Finding {
        let root = self.layout.root
        let answer = await self.tools.answer("test", ["-d", root])
        return answer.isSuccess
            ? .ok("store there", "\(self.settings.ssh ?? "") has \(root)")
            : .missing(
                "store there", "\(self.settings.ssh ?? "") does not have the folder \(root)",
                "the store has to be on the shared file system, under the same path on both; make it once with a run here"
            )
    }
}
