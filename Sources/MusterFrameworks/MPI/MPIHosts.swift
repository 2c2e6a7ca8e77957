import MusterModel

/// The variables that give the launchers of the three kinds the nodes and a command to reach them.
///
/// Nodes have names that need not resolve, because only the agents' verb reads them. Addresses would not do: Open MPI
/// treats all loopback addresses as one host.
package struct MPIHosts {
    /// The argument of the agent's verb `rank` where all nodes share a machine: Open MPI's ranks then talk over the
    /// loopback interface, which it excludes by default. Other interfaces may be missing, or may go while a program runs
    /// (containers' bridges, VPNs).
    package static let onLoopback = "--on-loopback"

    private let context: LaunchContext

    init(_ context: LaunchContext) { self.context = context }

    private static func name(_ node: Int) -> String { "muster-node-\(node)" }

    /// Daemons that share a machine need different host names.
    var hostname: String? { self.context.roster.isOneMachine ? Self.name(self.context.node) : nil }

    var remote: PlannedRemote {
        let hosts = self.context.roster.nodes.indices.map { (Self.name($0), $0) }
        return PlannedRemote(
            hosts: Dictionary(uniqueKeysWithValues: hosts), label: "the MPI daemon", hostname: self.hostname,
            environment: self.path)
    }

    /// MPICH's stale files: the machine's topology, which its proxies write to a fixed path, and named shared memory.
    static let staleFiles = [
        StaleFilePattern(prefix: "/tmp/hydra_hwloc_xmlfile_"), StaleFilePattern(prefix: "/dev/shm/mpich_shm_"),
    ]

    private var hosts: String { "\(self.context.folder)/hosts" }
    private var hydraHosts: String { "\(self.context.folder)/hydra-hosts" }
    /// The launchers' ssh. A path without arguments, because MPICH takes no others.
    private var reach: String { "\(self.context.folder)/\(Self.reachName)" }
    private static let reachName = "muster-reach"

    /// The program of every rank: the agent's wrapper, to which the user's program is an argument.
    static let rankName = "muster-rank"

    /// Open MPI 4 passes the name of its ssh on to its daemons, which crash where they do not find it, and every launcher
    /// passes on the program of the ranks: names on the PATH of every node, because the folders of nodes differ, and so do
    /// the paths of agents that nodes have fetched.
    private var path: [String: String] {
        ["PATH": "\(self.context.folder):\(self.context.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")"]
    }

    /// Of a node that launches nothing.
    var filesOfOthers: [PlannedFile] {
        [
            self.script("reach", at: self.reach), self.script("rank", at: "\(self.context.folder)/\(Self.rankName)"),
        ]
    }

    /// A program that is a verb of this node's agent.
    private func script(_ verb: String, at path: String) -> PlannedFile {
        PlannedFile(path: path, contents: "#!/bin/sh\nexec \(self.quotedAgent) \(verb) \"$@\"\n", isExecutable: true)
    }

    /// Of the node that runs the launcher.
    var files: [PlannedFile] {
        let nodes = self.context.roster.nodes
        return self.filesOfOthers + [
            PlannedFile(
                path: self.hosts,
                contents: nodes.indices.map { "\(Self.name($0)) slots=\(nodes[$0].slots)\n" }.joined()),
            PlannedFile(
                path: self.hydraHosts, contents: nodes.indices.map { "\(Self.name($0)):\(nodes[$0].slots)\n" }.joined()),
        ]
    }

    /// The text quoted as one word of a shell.
    private var quotedAgent: String {
        "'" + self.context.agent.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            + "'"
    }

    /// Variables that the user has set are not changed, but for the PATH.
    var environment: [String: String] {
        var environment = [
            // Open MPI 4. Not a tree of daemons, in which nodes would start daemons on each other.
            "OMPI_MCA_plm_rsh_agent": Self.reachName,
            "OMPI_MCA_plm_rsh_no_tree_spawn": "1",
            "OMPI_MCA_orte_default_hostfile": self.hosts,
            // Open MPI 5.
            "PRTE_MCA_plm_ssh_agent": self.reach,
            "PRTE_MCA_plm_ssh_no_tree_spawn": "1",
            "PRTE_MCA_prte_default_hostfile": self.hosts,
            // Daemons that stay in the foreground, so that their agents get their exit codes.
            "OMPI_MCA_orte_leave_session_attached": "1",
            "PRTE_MCA_prte_leave_session_attached": "1",
            // Both refuse to run as root, the usual user in a container.
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            // MPICH would set the control node's environment on all ranks; Open MPI leaves each node its own.
            "HYDRA_LAUNCHER": "ssh",
            "HYDRA_LAUNCHER_EXEC": self.reach,
            "HYDRA_HOST_FILE": self.hydraHosts,
            "HYDRA_ENV": "none",
        ]
        if self.context.roster.isOneMachine {
            // Waiting ranks yield, because ranks share cores; Open MPI 5 would refuse to oversubscribe cores.
            environment["OMPI_MCA_mpi_yield_when_idle"] = "1"
            environment["PRTE_MCA_hwloc_default_binding_policy"] = "none"
            // The nodes' names do not resolve, so MPICH gets the interface whose address it uses.
            environment["HYDRA_IFACE"] = "lo"
        }
        return environment.unset(in: self.context.environment).merging(self.path) { $1 }
    }
}
