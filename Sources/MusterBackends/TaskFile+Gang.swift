import MusterModel
import MusterWire

extension TaskFile {
    /// The task as node `index` of the gang sees it, without what the node's agent alone knows.
    init(_ gang: GangSpec, node index: Int) {
        self.init(
            attempt: gang.attempt, taskID: TaskName(number: gang.attempt.task, node: index).description,
            user: gang.user, originRun: gang.originRun, parameters: gang.parameters,
            inputs: gang.inputs, foreach: gang.foreach,
            parallel: ParallelFrame(
                controlAddress: "", nodes: gang.size, index: index, controlTaskID: "\(gang.attempt.task)"),
            socket: "", temporaryFolder: "", python: gang.python, tags: gang.tags, namespace: gang.namespace)
    }
}
