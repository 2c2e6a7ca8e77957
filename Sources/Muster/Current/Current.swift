public import MusterModel
import MusterWire

/// The task, the run and the gang of a step body.
public struct Current: Sendable {
    @TaskLocal static var value: Current?

    let task: TaskFile
    let agent: AgentClient

    init(task: TaskFile) {
        self.task = task
        self.agent = AgentClient(path: task.socket)
    }

    static func require() -> Current {
        guard let current = Self.value else {
            StepExit.now(
                "`current` was read outside of a step; read it in the step's body and pass it to detached work")
        }
        return current
    }

    public var flowName: String { self.task.attempt.flow }
    public var runID: String { self.task.attempt.run }
    public var stepName: String { self.task.attempt.step }
    /// `3`, or `3-node-2` on a worker of a gang.
    public var taskID: String { self.task.taskID }
    /// 0 for the first.
    public var attempt: Int { self.task.attempt.attempt }
    /// `Flow/run/step/task`.
    public var pathspec: String {
        Pathspec(flow: self.flowName, run: self.runID, step: self.stepName, task: self.taskID).description
    }
    /// The run that this one resumes; nil otherwise.
    public var originRunID: String? { self.task.originRun }
    public var user: String { self.task.user }
    /// Every parameter of the run, as the text that it was given as.
    public var parameters: [String: ParameterValue] { self.task.parameters }
    /// The path of a folder of this node that is removed when the attempt ends.
    public var temporaryFolder: String { self.task.temporaryFolder }
    /// The foreach scopes this task is in, outermost first.
    public var foreachStack: [ForeachScope] { self.task.foreach.map(ForeachScope.init) }
    /// This task's place in the innermost foreach; nil outside of one.
    public var index: Int? { self.task.foreach.last?.index }
    /// This node's place in its gang. A step that is no gang is a gang of one.
    public var parallel: ParallelPlace { ParallelPlace(self.task.parallel, agent: self.agent) }
}

/// One foreach around a task.
public struct ForeachScope: Sendable, Hashable {
    /// The step that fans out.
    public let step: String
    public let index: Int
    public let count: Int

    init(_ frame: ForeachFrame) {
        self.step = frame.step
        self.index = frame.index
        self.count = frame.count
    }
}
