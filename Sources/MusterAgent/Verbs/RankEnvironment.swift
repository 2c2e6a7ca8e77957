import Glibc
import MusterModel
import MusterProcess

/// The environment of a program that a launcher started.
enum RankEnvironment {
    /// Variables in which launchers pass a program its rank.
    private static let ranks = ["PMIX_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK"]
    /// Variables of a node that other nodes must not have.
    private static let prefixes = ["MUSTER_", "MF_PARALLEL_"]
    private static let names: Set<String> = ["TMPDIR", "CUDA_VISIBLE_DEVICES"]

    /// This program's environment, with the node's own variables taken from the launcher's daemon on this node: MPICH forwards
    /// the environment of the node where the launcher runs.
    static func restored() -> [String: String] {
        self.restored(ProcessEnvironment.texts, daemon: ProcessTree.environment(of: getppid()))
    }

    /// - Parameter daemon: The environment of the process that started this one; nil when it cannot be seen.
    static func restored(_ own: [String: String], daemon: [String: String]?) -> [String: String] {
        guard let daemon, daemon[NodeEnvironment.socket] != nil else { return own }
        var environment = own
        for (name, value) in daemon where self.isNodes(name) { environment[name] = value }
        return self.withSharedMemory(environment)
    }

    private static func isNodes(_ name: String) -> Bool {
        self.names.contains(name) || self.prefixes.contains { name.hasPrefix($0) }
    }

    /// Open MPI's segments in /dev/shm would outlive a killed rank. In the node's folder they are removed with it.
    private static func withSharedMemory(_ environment: [String: String]) -> [String: String] {
        guard let folder = environment["TMPDIR"] else { return environment }
        let defaults = ["OMPI_MCA_btl_vader_backing_directory": folder, "OMPI_MCA_btl_sm_backing_directory": folder]
        return environment.merging(defaults) { own, _ in own }
    }

    static func label(_ environment: [String: String]) -> String {
        self.rank(environment).map { "rank \($0)" } ?? "a rank"
    }

    /// The program's rank from the launcher's variable; nil when there is none.
    static func rank(_ environment: [String: String]) -> String? {
        self.ranks.lazy.compactMap { environment[$0] }.first
    }
}
