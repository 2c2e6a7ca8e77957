import MusterModel

/// The batch script of one gang: one job, one `srun`, one agent on each node. Pure.
package struct SlurmScript: Sendable {
    /// Bytes. Everything that can be long stands in the order, which the script only names.
    package static let limit = 8192

    /// Variables that a batch script has and that `srun` would take for flags: each flag is given once, as a flag, because
    /// a number that comes by two variables is fatal ("cpus-per-task set by two different environment variables").
    private static let unset = [
        "SLURM_CPUS_PER_TASK", "SLURM_TRES_PER_TASK", "SLURM_CPU_BIND", "SLURM_CPU_BIND_TYPE", "SLURM_CPU_BIND_LIST",
        "SLURM_CPU_BIND_VERBOSE", "SLURM_MEM_PER_CPU", "SLURM_MEM_PER_GPU", "SLURM_NTASKS_PER_NODE",
        "SLURM_DISTRIBUTION",
        "SLURM_MPI_TYPE",
    ]

    private let launch: GangLaunch
    private let options: SlurmOptions

    package init(_ launch: GangLaunch, _ options: SlurmOptions) {
        self.launch = launch
        self.options = options
    }

    /// - Throws: ``BackendError`` for options that fight each other, or are too long.
    package func text() throws(BackendError) -> String {
        try self.checkExtra()
        let lines =
            ["#!/bin/bash"] + (try self.directives()) + [
                "set -eu",
                // --export=NONE of a site would come to srun through this variable, and with it a login on each node.
                "export SLURM_EXPORT_ENV=ALL",
                "unset \(Self.unset.joined(separator: " "))",
                "exec \(self.srun())",
            ]
        let text = lines.joined(separator: "\n") + "\n"
        guard text.utf8.count <= Self.limit else {
            throw .slurm(
                "the job's script has \(text.utf8.count) bytes, at most \(Self.limit) are sent; put long `setup` lines into a file that all nodes see and name it"
            )
        }
        return text
    }

    // MARK: - Directives

    private func directives() throws(BackendError) -> [String] {
        let attempt = self.launch.attempt
        var flags = [
            ("job-name", self.launch.name),
            ("comment", "muster:\(attempt.flow)/\(attempt.run)/\(attempt.step)/\(attempt.task)/\(attempt.attempt)"),
        ]
        let nodes = self.launch.nodes
        let minimum = self.launch.minimum
        flags.append(("nodes", minimum < nodes ? "\(minimum)-\(nodes)" : "\(nodes)"))
        flags.append(("ntasks-per-node", "1"))
        flags.append(("cpus-per-task", "\(self.cpus)"))
        let resources = self.launch.resources
        // Megabytes on each node. Without it a job may take the whole node, or a default that is too little.
        if let memory = resources?.memory, memory > 0 { flags.append(("mem", "\((memory - 1) / (1 << 20) + 1)M")) }
        if let gpus = resources?.gpu, gpus > 0, self.options.flags["gres"] == nil {
            flags.append(("gpus-per-node", (self.options.gpuType.map { "\($0):" } ?? "") + "\(gpus)"))
        }
        if let time = self.time { flags.append(("time", time)) }
        flags.append(("export", "ALL"))
        if let folder = self.launch.folder {
            // Slurm replaces %; a folder that is not there would end the job without any output.
            flags.append(("chdir", String(folder.prefix(upTo: folder.lastIndex(of: "/") ?? folder.startIndex))))
            flags.append(
                (
                    "output",
                    "\(folder.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")).slurm.out"
                ))
            flags.append(("open-mode", "append"))
        } else {
            flags.append(("chdir", "/"))
            flags.append(("output", "/dev/null"))
        }
        var lines: [String] = []
        for (name, value) in flags { lines.append(try Self.directive(name, value)) }
        // An attempt is retried by the engine alone: a job that starts again would be a twin.
        lines += ["#SBATCH --no-requeue", "#SBATCH --kill-on-invalid-dep=yes", "#SBATCH --wait-all-nodes=1"]
        if self.options.isExclusive { lines.append("#SBATCH --exclusive") }
        for name in SlurmOptions.texts {
            if let value = self.options.flags[name] { lines.append(try Self.directive(name, value)) }
        }
        return lines + self.options.extra.map { "#SBATCH \($0)" }
    }

    private var cpus: Int { max(1, self.launch.resources?.cpu ?? 1) }

    private var time: String? {
        if let time = self.options.time { return time }
        return self.launch.timeLimit.map { String(max(1, Int(min(($0 / 60).rounded(.up), 5_000_000)))) }
    }

    private static func directive(_ name: String, _ value: String) throws(BackendError) -> String {
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw .slurm("--\(name) holds a control character: '\(value)'")
        }
        let isPlain = value.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_./:,=%@+*|&!()[]~^".utf8.contains(byte)
        }
        guard !isPlain else { return "#SBATCH --\(name)=\(value)" }
        // sbatch reads a line of its own as a shell would read a word in double quotes, without variables.
        let escaped = value.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        return "#SBATCH --\(name)=\"\(String(escaped))\""
    }

    private func checkExtra() throws(BackendError) {
        for line in self.options.extra {
            for flag in SlurmFlags.names(in: line) {
                guard let owner = SlurmFlags.owned[flag] else { continue }
                let isGiven: Bool
                switch owner {
                case "memory": isGiven = self.launch.resources?.memory ?? 0 > 0
                case "gpu": isGiven = self.launch.resources?.gpu ?? 0 > 0
                case "time": isGiven = self.options.time != nil
                case "exclusive": isGiven = self.options.isExclusive
                case "gres": isGiven = self.options.flags["gres"] != nil || self.launch.resources?.gpu ?? 0 > 0
                default: isGiven = self.options.flags[owner] != nil
                }
                guard isGiven else { continue }
                let spelled = flag.count == 1 ? "-\(flag)" : "--\(flag)"
                throw .slurm("@Slurm(extra) holds \(spelled), and \(owner) is given as well; say it once")
            }
        }
    }

    // MARK: - srun

    private func srun() -> String {
        var words = [
            "srun", "--kill-on-bad-exit=1", "--mpi=none", "--cpu-bind=none", "--export=ALL", "--ntasks-per-node=1",
            "--cpus-per-task=\(self.cpus)", "--input=none",
        ]
        if let image = self.options.image {
            words.append("--container-image=\(image)")
            if !self.options.mounts.isEmpty {
                words.append("--container-mounts=\(self.options.mounts.joined(separator: ","))")
            }
        }
        guard !self.options.setup.isEmpty else {
            return (words + self.launch.command).map(ShellQuoting.quote).joined(separator: " ")
        }
        let shell = ["bash"] + (self.options.login ? ["-l"] : []) + ["-c"]
        // srun loses the last lines of a task whose end makes it kill the step: they arrive while the shell waits. The
        // report's reader wants them too.
        let report = self.launch.setupFailed.map {
            "; " + ($0.map(ShellQuoting.quote) + ["$code"]).joined(separator: " ")
        }
        let trap = ShellQuoting.quote("code=$?; sleep 1\(report ?? "")")
        let setup = (["set -e", "trap \(trap) EXIT"] + self.options.setup + ["exec \"$@\""]).joined(separator: "\n")
        return (words + shell + [setup, "muster"] + self.launch.command).map(ShellQuoting.quote).joined(separator: " ")
    }
}
