import FoundationEssentials
import MusterModel
import MusterProcess
import MusterWire

/// A gang together with the processes that its actions go to.
struct RunningGang: Sendable {
    /// An action with its process.
    enum Effect: Sendable {
        case write(SpawnedProcess, Data)
        case dismiss(SpawnedProcess)
        case kill(SpawnedProcess)
        case wait(node: Int, seconds: Double)
        case sweep(node: Int)
        case observe(GangObservation.Event)
    }

    private(set) var gang: LocalGang
    /// The folders that go with the gang: its agents' own.
    var scratch: ScratchFolder
    private(set) var processes: [Int: SpawnedProcess] = [:]
    /// Lines for agents that are still being started: the control node may be faster than their start.
    private var queued: [Int: [Data]] = [:]

    init(gang: LocalGang, scratch: ScratchFolder) {
        self.gang = gang
        self.scratch = scratch
    }

    /// Takes the agent of `node` and returns what was already meant for it.
    mutating func adopt(_ process: SpawnedProcess, as node: Int) -> [Data] {
        self.processes[node] = process
        return self.queued.removeValue(forKey: node) ?? []
    }

    mutating func handle(_ event: LocalGang.Event, now: Double) -> [Effect] {
        self.gang.handle(event, now: now).compactMap { self.effect(of: $0) }
    }

    private mutating func effect(of action: LocalGang.Action) -> Effect? {
        switch action {
        case .tell(let node, let command):
            guard let line = try? LineCoding.encode(command) else { return nil }
            guard let process = self.processes[node] else {
                self.queued[node, default: []].append(line)
                return nil
            }
            return .write(process, line)
        case .dismiss(let node): return self.processes[node].map { .dismiss($0) }
        case .kill(let node): return self.processes[node].map { .kill($0) }
        case .killLater(let node, let seconds): return .wait(node: node, seconds: seconds)
        case .sweep(let node): return .sweep(node: node)
        case .observe(let event): return .observe(event)
        }
    }
}
