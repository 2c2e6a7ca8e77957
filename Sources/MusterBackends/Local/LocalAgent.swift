import FoundationEssentials
import MusterModel
import MusterProcess
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
        /// What it was last told.
        var spec: NodeSpec?
        /// How often a signal has stopped it or let it go on.
        var stops = 0
    }

    init(node: Int, scratch: ScratchFolder, address: String, attempt: AttemptID) {
        self.node = node
        self.scratch = scratch
        self.address = address
        self.state = Mutex(State(attempt: attempt))
    }

    /// The line that tells this agent of `node`: what it has not been told already.
    func line(for node: NodeSpec) throws -> Data {
        let previous = self.state.withLock { state in
            defer { state.spec = node }
            return state.spec
        }
        guard previous?.with(node.task) == node else { return try LineCoding.encode(node) }
        return try LineCoding.encode(NextAttempt(node.task))
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
        set { self.state.withLock { $0.attempt = newValue } }
    }

    static func == (left: LocalAgent, right: LocalAgent) -> Bool { left === right }
}
