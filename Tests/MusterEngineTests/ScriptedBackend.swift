import MusterBackends
import MusterModel
import Synchronization

/// A backend that runs nothing: a script answers for every gang. It refuses what a real one could not do.
final class ScriptedBackend: GangRunner {
    struct Request: Sendable, CustomStringConvertible {
        let gang: GangSpec
        var description: String { "\(self.gang.attempt)" }
    }

    let name: String
    let capabilities: RunnerCapabilities
    private let observer = GangObserver()
    private let script: @Sendable (GangSpec) -> GangReport?
    private let submitted = Mutex<[GangSpec]>([])
    private let held = Mutex<Set<AttemptID>>([])
    private let left = Mutex<[StartedGang]>([])

    /// - Parameter script: The gang's report; nil leaves the gang running until it is cancelled.
    init(
        name: String = "local", capacity: MachineCapacity? = MachineCapacity(cpus: 4, memory: 8 << 30, gpus: 0),
        seesFolder: Bool = true, script: @escaping @Sendable (GangSpec) -> GangReport?
    ) {
        self.capabilities = RunnerCapabilities(capacity: capacity, runsInPlace: false, seesFolder: seesFolder)
        self.name = name
        self.script = script
    }

    /// Every gang that was submitted, in order.
    var gangs: [GangSpec] { self.submitted.withLock { $0 } }

    func observe(_ body: @escaping @Sendable (GangObservation) -> Void) { self.observer.set(body) }

    func request(for gang: GangSpec) throws -> Request { Request(gang: gang) }

    func submit(_ request: Request) async throws {
        self.submitted.withLock { $0.append(request.gang) }
        if self.capabilities.capacity == nil {
            self.observer.tell(GangObservation(attempt: request.gang.attempt, event: .submitted(job: "4711")))
        }
        guard let report = self.script(request.gang) else {
            _ = self.held.withLock { $0.insert(request.gang.attempt) }
            return
        }
        self.observer.tell(GangObservation(attempt: request.gang.attempt, event: .finished(report)))
    }

    func cancel(_ attempt: AttemptID, because failure: TaskFailure) async {
        guard self.held.withLock({ $0.remove(attempt) }) != nil else { return }
        self.observer.tell(GangObservation(attempt: attempt, event: .finished(.failed(failure))))
    }

    func rest() async {}
    func leftovers() async -> [String] { [] }

    /// The gangs that a dead engine had left, as the next one gave them.
    var takenOver: [StartedGang] { self.left.withLock { $0 } }

    /// A place with a queue keeps its gangs: the script answers for those that live on as for new ones.
    func takeOver(
        _ gangs: [StartedGang], flow: String, run: String, beside alive: Set<AttemptID>
    ) async -> Set<AttemptID> {
        self.left.withLock { $0 += gangs }
        guard self.capabilities.capacity == nil else { return [] }
        for gang in gangs {
            if let report = self.script(gang.spec) {
                self.observer.tell(GangObservation(attempt: gang.spec.attempt, event: .finished(report)))
            } else {
                _ = self.held.withLock { $0.insert(gang.spec.attempt) }
            }
        }
        return Set(gangs.map(\.spec.attempt))
    }
}

extension GangReport {
    static func succeeded(_ results: [NodeResult]) -> GangReport {
        let nodes = results.enumerated().map { NodeReport(index: $0, status: .succeeded, result: $1) }
        return GangReport(failure: nil, nodes: nodes, started: 0, finished: 1)
    }

    static func failed(_ failure: TaskFailure) -> GangReport {
        GangReport(failure: failure, nodes: [], started: 0, finished: 1)
    }
}
