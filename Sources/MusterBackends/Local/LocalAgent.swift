import FoundationEssentials
import Glibc
import MusterModel
import MusterProcess
import MusterSystem
import MusterWire
import Synchronization

/// One agent of this machine, from its start to its exit. One that stays serves several gangs of one in turn.
final class LocalAgent: Sendable, Equatable {
    /// Which node it is, of whatever gang.
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
        /// What it was last told.
        var spec: NodeSpec?
        /// How often a signal has stopped it or let it go on.
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

    /// The line that tells this agent of `node`: what it has not been told already.
    ///
    /// A task whose inputs have very many artifacts goes as a file of the agent's folder: its line would be refused.
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

    /// The path of a file with the task, the same for all nodes of a gang: an agent knows its own place in it best.
    private func keep(_ task: TaskFile) throws -> String {
        let path = "\(self.scratch.near)/task-\(task.attempt.task)-\(task.attempt.attempt).json"
        if access(path, F_OK) != 0 { try FileContents.overwrite(path, with: LineCoding.encode(task)) }
        return path
    }

    /// A signal has stopped it or let it go on. Returns whether nothing of the kind has happened since, to be asked later.
    func changeStop() -> @Sendable () -> Bool {
        let number = self.state.withLock { state in
            state.stops += 1
            return state.stops
        }
        return { self.state.withLock { $0.stops } == number }
    }

    /// Set as soon as it is started.
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
