import FoundationEssentials
import Glibc
import MusterModel
import MusterProcess
import MusterSystem
import MusterWire
import Synchronization

/// One agent of this machine, from its start to its exit. A reusable one serves several gangs of one in turn.
final class LocalAgent: Sendable, Equatable {
    /// Its node index in each of its gangs.
    let node: Int
    /// The folders of its gangs; each finds them as the one before did.
    let scratch: ScratchFolder
    /// The address of its gangs' node.
    let address: String
    let output = AgentOutput()
    private let state: Mutex<State>

    private struct State {
        var process: SpawnedProcess?
        var attempt: AttemptID?
        var lastAttempt: AttemptID?
        /// The last spec that it was sent.
        var spec: NodeSpec?
        /// The number of times that a signal has stopped or continued it.
        var stops = 0
    }

    init(node: Int, scratch: ScratchFolder, address: String, attempt: AttemptID) {
        self.node = node
        self.scratch = scratch
        self.address = address
        self.state = Mutex(State(attempt: attempt, lastAttempt: attempt))
    }

    /// Inputs of a task that are few enough for a line, counted by their artifacts.
    private static let fewArtifacts = 50_000

    /// The line that sends `node` to this agent, without the parts that it has already.
    ///
    /// A task whose inputs have very many artifacts is sent as a file in the agent's folder, because its line would
    /// exceed the agent's limit.
    func line(for node: NodeSpec) throws -> Data {
        let count = node.task.inputs.reduce(0) { $0 + $1.artifacts.count }
        let file = count > Self.fewArtifacts ? try self.keep(node.task) : nil
        let previous = self.state.withLock { state in
            defer { state.spec = node }
            return state.spec
        }
        let task = file == nil ? node.task : node.task.brief
        guard previous?.with(node.task) == node else {
            var node = node
            (node.task, node.taskFile) = (task, file)
            return try LineCoding.encode(node)
        }
        return try LineCoding.encode(NextAttempt(task, file: file))
    }

    /// Writes the task to a file, the same for all nodes of a gang, and returns its path.
    private func keep(_ task: TaskFile) throws -> String {
        let path = "\(self.scratch.near)/task-\(task.attempt.task)-\(task.attempt.attempt).json"
        if access(path, F_OK) != 0 { try FileContents.overwrite(path, with: LineCoding.encode(task)) }
        return path
    }

    /// Notes that a signal has stopped or continued it. The closure that is returned tells if no other such signal has
    /// come since.
    func changeStop() -> @Sendable () -> Bool {
        let number = self.state.withLock { state in
            state.stops += 1
            return state.stops
        }
        return { self.state.withLock { $0.stops } == number }
    }

    /// Its process; nil before it is started.
    var process: SpawnedProcess? {
        get { self.state.withLock { $0.process } }
        set { self.state.withLock { $0.process = newValue } }
    }

    /// The attempt that it serves; nil while it waits for one.
    var attempt: AttemptID? {
        get { self.state.withLock { $0.attempt } }
        set {
            self.state.withLock { state in
                state.attempt = newValue
                state.lastAttempt = newValue ?? state.lastAttempt
            }
        }
    }

    /// The attempt that it has served last, or serves.
    var lastAttempt: AttemptID? { self.state.withLock { $0.lastAttempt } }

    static func == (left: LocalAgent, right: LocalAgent) -> Bool { left === right }
}
