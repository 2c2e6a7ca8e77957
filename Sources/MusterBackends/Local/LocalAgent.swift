import MusterModel
import MusterProcess
import MusterWire
import Synchronization

/// One agent of this machine, from its start to its exit. One that stays serves several gangs of one in turn.
final class LocalAgent: Sendable, Equatable {
    /// Which node it is, of whatever gang.
    let node: Int
    /// The folder of its gangs; each finds it as the one before did.
    let scratch: String
    let output = AgentOutput()
    private let state: Mutex<State>

    private struct State {
        var process: SpawnedProcess?
        var attempt: AttemptID?
        /// What it was last told.
        var environment: [String: String]?
        /// How often a signal has stopped it or let it go on.
        var stops = 0
    }

    init(node: Int, scratch: String, attempt: AttemptID) {
        self.node = node
        self.scratch = scratch
        self.state = Mutex(State(attempt: attempt))
    }

    /// `node` as this agent has to be told: it knows the environment that the gang before had.
    func abridged(_ node: NodeSpec) -> NodeSpec {
        let isKnown = self.state.withLock { state in
            defer { state.environment = node.environment }
            return state.environment == node.environment
        }
        guard isKnown else { return node }
        var node = node
        node.environment = [:]
        node.repeatsEnvironment = true
        return node
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
