import MusterBackends
import MusterModel
import Synchronization

/// A backend that runs nothing: a script answers for every gang. It refuses what a real one could not do.
final class ScriptedBackend: GangRunner {
    struct Request: Sendable, CustomStringConvertible {
        let gang: GangSpec
        var description: String { "\(self.gang.attempt)" }
    }

    let capabilities: RunnerCapabilities
    private let observer = GangObserver()
    private let script: @Sendable (GangSpec) -> GangReport?
    private let submitted = Mutex<[GangSpec]>([])
    private let held = Mutex<Set<AttemptID>>([])

    /// - Parameter script: The gang's report; nil leaves the gang running until it is cancelled.
    init(
        capacity: MachineCapacity? = MachineCapacity(cpus: 4, memory: 8 << 30, gpus: 0),
        script: @escaping @Sendable (GangSpec) -> GangReport?
    ) {
        self.capabilities = RunnerCapabilities(capacity: capacity)
        self.script = script
    }

    /// Every gang that was submitted, in order.
    var gangs: [GangSpec] { self.submitted.withLock { $0 } }

    func observe(_ body: @escaping @Sendable (GangObservation) -> Void) { self.observer.set(body) }

    func request(for gang: GangSpec) throws -> Request { Request(gang: gang) }

    func submit(_ request: Request) async throws {
        self.submitted.withLock { $0.append(request.gang) }
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
    func clearAway(flow: String, run: String) async {}
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
