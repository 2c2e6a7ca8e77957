/// Environments of Slurm's commands and jobs.
enum SlurmEnvironment {
    /// Variables that change what Slurm's commands and MPI launchers do. Those of a job in which Muster runs would come
    /// into the new one: CPU masks ("Unable to satisfy cpu bind request"), thread counts, output formats.
    private static let leaking = [
        "SLURM_", "SBATCH_", "SRUN_", "SALLOC_", "SQUEUE_", "SCANCEL_", "SACCT_", "SINFO_", "SCONTROL_", "PMI_",
        "PMIX_",
        "PMI2_", "OMPI_",
    ]
    /// A cluster whose configuration is not at its usual place is found by this one.
    private static let kept: Set<String> = ["SLURM_CONF"]

    /// The environment of a job at its start: its owner's, without anything that could be a secret. Slurm stores a job's environment, and on
    /// some sites its database does.
    private static let own: Set<String> = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "SLURM_CONF"]

    /// For commands that ask.
    static func client(_ environment: [String: String]) -> [String: String] {
        var environment = environment.filter { name, _ in
            self.kept.contains(name) || !self.leaking.contains { name.hasPrefix($0) }
        }
        // Some words that are told apart are the system's.
        environment["LC_ALL"] = "C"
        return environment
    }

    /// For `sbatch`, whose environment becomes the job's.
    static func job(_ environment: [String: String]) -> [String: String] {
        var environment = environment.filter { name, _ in self.own.contains(name) || name.hasPrefix("LC_") }
        if environment["PATH"] == nil { environment["PATH"] = "/usr/local/bin:/usr/bin:/bin" }
        return environment
    }

    /// The same done by a shell on another host, where only its own variables are known.
    static let shellPrefix =
        "unset $(env | sed -n 's/^\\(\\(" + leaking.map { $0.dropLast() }.joined(separator: "\\|")
        + "\\)_[A-Za-z0-9_]*\\)=.*/\\1/p' | grep -v '^SLURM_CONF$'); "
}
