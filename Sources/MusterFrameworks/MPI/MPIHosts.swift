import MusterModel

/// How the launchers of the three kinds are told which nodes there are and how to reach them.
///
/// Nodes have names, which need not resolve: only the agents' verb reads them, and Open MPI takes all loopback addresses
/// for one host.
struct MPIHosts {
    private let context: LaunchContext

    init(_ context: LaunchContext) { self.context = context }

    private static func name(_ node: Int) -> String { "muster-node-\(node)" }

    /// Several daemons on one machine need names of their own for it; real machines have theirs.
    var hostname: String? { self.context.roster.isOneMachine ? Self.name(self.context.node) : nil }

    var remote: PlannedRemote {
        let hosts = self.context.roster.nodes.indices.map { (Self.name($0), $0) }
        return PlannedRemote(
            hosts: Dictionary(uniqueKeysWithValues: hosts), label: "the MPI daemon", hostname: self.hostname)
    }

    /// MPICH's: its proxies write the machine's topology to a fixed place, and its ranks share memory by name.
    static let leavings = [
        PlannedLeaving(prefix: "/tmp/hydra_hwloc_xmlfile_"), PlannedLeaving(prefix: "/dev/shm/mpich_shm_"),
    ]

    private var hosts: String { "\(self.context.folder)/hosts" }
    private var hydraHosts: String { "\(self.context.folder)/hydra-hosts" }
    /// The launchers' ssh. A path without arguments, because MPICH takes no others.
    private var reach: String { "\(self.context.folder)/reach" }

    var files: [PlannedFile] {
        let nodes = self.context.roster.nodes
        return [
            PlannedFile(
                path: self.hosts,
                contents: nodes.indices.map { "\(Self.name($0)) slots=\(nodes[$0].slots)\n" }.joined()),
            PlannedFile(
                path: self.hydraHosts, contents: nodes.indices.map { "\(Self.name($0)):\(nodes[$0].slots)\n" }.joined()),
            PlannedFile(
                path: self.reach, contents: "#!/bin/sh\nexec \(self.quotedAgent) reach \"$@\"\n", isExecutable: true),
        ]
    }

    /// As one word of the shell, whatever is in it.
    private var quotedAgent: String {
        "'" + self.context.agent.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            + "'"
    }

    /// Variables that the user has set stay as they are.
    var environment: [String: String] {
        var environment = [
            // Open MPI 4. A tree of daemons would have the nodes reach each other.
            "OMPI_MCA_plm_rsh_agent": self.reach,
            "OMPI_MCA_plm_rsh_no_tree_spawn": "1",
            "OMPI_MCA_orte_default_hostfile": self.hosts,
            // Open MPI 5.
            "PRTE_MCA_plm_ssh_agent": self.reach,
            "PRTE_MCA_plm_ssh_no_tree_spawn": "1",
            "PRTE_MCA_prte_default_hostfile": self.hosts,
            // Daemons that do not leave their agents, which then see how they end.
            "OMPI_MCA_orte_leave_session_attached": "1",
            "PRTE_MCA_prte_leave_session_attached": "1",
            // Both refuse to run as root, which is who one is in a container.
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            // MPICH. It would give its ranks the control node's environment, where the others leave each node its own.
            "HYDRA_LAUNCHER": "ssh",
            "HYDRA_LAUNCHER_EXEC": self.reach,
            "HYDRA_HOST_FILE": self.hydraHosts,
            "HYDRA_ENV": "none",
        ]
        if self.context.roster.isOneMachine {
            // Ranks that wait let the others run, since they share cores; Open MPI 5 would refuse to.
            environment["OMPI_MCA_mpi_yield_when_idle"] = "1"
            environment["PRTE_MCA_hwloc_default_binding_policy"] = "none"
            // The nodes' names do not resolve: MPICH is to take the address of this interface.
            environment["HYDRA_IFACE"] = "lo"
        }
        return environment.unset(in: self.context.environment)
    }
}
