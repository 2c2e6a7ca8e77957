import MusterModel
import MusterProcess
import Synchronization

/// One agent of this machine, from its start to its exit. One that stays serves several gangs of one in turn.
final class LocalAgent: Sendable, Equatable {
    /// Which node it is, of whatever gang.
    let node: Int
    /// The folder of its gangs; each finds it as the one before did.
    let scratch: String
    let output = AgentOutput()
    private let state = Mutex<(process: SpawnedProcess?, attempt: AttemptID?)>((nil, nil))

    init(node: Int, scratch: String, attempt: AttemptID) {
        self.node = node
        self.scratch = scratch
        self.state.withLock { $0.attempt = attempt }
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
