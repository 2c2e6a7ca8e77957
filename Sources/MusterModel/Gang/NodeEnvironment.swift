/// The names of the environment variables that every process of a node finds.
///
/// The `MF_PARALLEL_*` names are Metaflow's, because scripts in the world read them.
public enum NodeEnvironment {
    public static let flow = "MUSTER_FLOW"
    public static let run = "MUSTER_RUN"
    public static let step = "MUSTER_STEP"
    public static let task = "MUSTER_TASK"
    public static let attempt = "MUSTER_ATTEMPT"
    public static let nodes = "MUSTER_NODES"
    public static let nodeIndex = "MUSTER_NODE_INDEX"
    public static let nodeAddress = "MUSTER_NODE_ADDRESS"
    public static let controlAddress = "MUSTER_CONTROL_ADDRESS"
    public static let controlTask = "MUSTER_CONTROL_TASK"
    /// The path of the agent's socket.
    public static let socket = "MUSTER_SOCKET"
    /// The working directory of the node's processes.
    public static let workFolder = "MUSTER_WORK_FOLDER"
    /// The folder of the flow's source on the node: the user's folder, or a copy for this node.
    public static let flowFolder = "MUSTER_FLOW_FOLDER"
    /// The store's folder: what a step reads or starts there finds the same one.
    public static let store = "MUSTER_STORE"
    /// The address of the bucket whose copy on this machine is ``store``; not set for a store that is a folder.
    public static let storeAddress = "MUSTER_STORE_ADDRESS"
    /// The agent's program, which also moves objects of S3 for steps.
    public static let agent = "MUSTER_NODE_AGENT"
    /// The folder that holds `task.json`.
    public static let taskFolder = "MUSTER_TASK_FOLDER"
    /// Marks every process of a node, so that one that left its group and its session is still found.
    /// The value is ``scopeValue(attempt:index:)``.
    public static let scope = "MUSTER_SCOPE"

    public static let parallelMainAddress = "MF_PARALLEL_MAIN_IP"
    public static let parallelNodes = "MF_PARALLEL_NUM_NODES"
    public static let parallelNodeIndex = "MF_PARALLEL_NODE_INDEX"
    public static let parallelControlTask = "MF_PARALLEL_CONTROL_TASK_ID"

    /// True for a variable that identifies a process's node or attempt. Only agents may set it.
    public static func isIdentity(_ name: String) -> Bool {
        name.hasPrefix("MUSTER_") || name.hasPrefix("MF_PARALLEL_")
    }

    public static func scopeValue(attempt: AttemptID, index: Int) -> String { "\(attempt.folder)/\(index)" }
}
