import Glibc
import MusterModel
import MusterWire

/// The environment of everything that runs on a node.
enum StepEnvironment {
    /// The step's own variables, Muster's, and Metaflow's names for them.
    static func make(_ spec: NodeSpec, roster: Roster, folder: NodeFolder) -> [String: String] {
        let control = "\(spec.attempt.task)"
        var environment = spec.environment
        if let python = spec.task.python { self.activate(python, in: &environment) }
        environment["TMPDIR"] = folder.temporary
        // Shells and `pwd` take this variable for their working directory.
        if spec.inPlace == nil { environment["PWD"] = folder.work }
        environment.merge([
            NodeEnvironment.flow: spec.attempt.flow,
            NodeEnvironment.run: spec.attempt.run,
            NodeEnvironment.step: spec.attempt.step,
            NodeEnvironment.task: Self.taskID(spec),
            NodeEnvironment.attempt: "\(spec.attempt.attempt)",
            NodeEnvironment.nodes: "\(spec.size)",
            NodeEnvironment.nodeIndex: "\(spec.index)",
            NodeEnvironment.nodeAddress: spec.address,
            NodeEnvironment.controlAddress: roster.controlAddress,
            NodeEnvironment.controlTask: control,
            NodeEnvironment.socket: folder.socket,
            NodeEnvironment.workFolder: folder.work,
            NodeEnvironment.flowFolder: spec.inPlace?.flowFolder ?? folder.work,
            NodeEnvironment.store: spec.store,
            NodeEnvironment.agent: AgentProgram.path,
            NodeEnvironment.taskFolder: folder.task,
            NodeEnvironment.scope: NodeEnvironment.scopeValue(attempt: spec.attempt, index: spec.index),
            NodeEnvironment.parallelMainAddress: roster.controlAddress,
            NodeEnvironment.parallelNodes: "\(spec.size)",
            NodeEnvironment.parallelNodeIndex: "\(spec.index)",
            NodeEnvironment.parallelControlTask: control,
        ]) { $1 }
        return environment
    }

    /// `3`, or `3-node-2` on a worker.
    static func taskID(_ spec: NodeSpec) -> String {
        TaskName(number: spec.attempt.task, node: spec.index).description
    }

    /// The content of `task.json` on this node.
    static func task(_ spec: NodeSpec, roster: Roster, folder: NodeFolder) -> TaskFile {
        var task = spec.task
        task.taskID = self.taskID(spec)
        task.socket = folder.socket
        task.temporaryFolder = folder.temporary
        task.parallel = ParallelFrame(
            controlAddress: roster.controlAddress, nodes: spec.size, index: spec.index,
            controlTaskID: "\(spec.attempt.task)")
        return task
    }

    /// Sets the variables of a virtual environment's `activate`. For another interpreter, its folder goes on the PATH.
    private static func activate(_ python: String, in environment: inout [String: String]) {
        let parts = python.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 2 else { return }
        let bin = parts.dropLast().joined(separator: "/")
        let prefix = parts.dropLast(2).joined(separator: "/")
        let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        let isVirtual = access("\(prefix)/pyvenv.cfg", F_OK) == 0
        let isConda = access("\(prefix)/conda-meta", F_OK) == 0
        let isFound = path.split(separator: ":").contains { $0 == bin }
        if isVirtual || isConda || !isFound { environment["PATH"] = "\(bin):\(path)" }
        if isVirtual { environment["VIRTUAL_ENV"] = prefix }
        if isConda { environment["CONDA_PREFIX"] = prefix }
        if isVirtual || isConda { environment["PYTHONHOME"] = nil }
    }
}
