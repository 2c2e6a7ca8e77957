import Dispatch
import MusterModel
import MusterStore
import Synchronization

/// Writes how gangs stand beside their attempts' other files, for `muster status` and `muster logs` of other processes.
///
/// A gang of one node on this machine has no record: its task's state says everything. The others are written at most
/// every half a second, and on a queue of their own, because a file system may stall.
final class GangRecorder: Sendable {
    fileprivate struct Gang {
        var record: GangRecord
        /// It has several nodes, or a place with a queue has it.
        var isShown: Bool
        var isDue = false
        var isWritten = false
    }

    /// Seconds. A gang that is over sooner leaves no record: its report says how its nodes have ended.
    private static let interval = 0.5

    private let layout: StoreLayout
    private let gangs = Mutex<[AttemptID: Gang]>([:])
    private let queue = DispatchQueue(label: "muster.gang-records", qos: .utility)

    init(_ layout: StoreLayout) { self.layout = layout }

    func note(_ observation: EngineObservation) {
        switch observation {
        case .attemptStarted(let attempt, let nodes):
            let record = GangRecord(nodes: Array(repeating: GangRecord.Node(state: .starting), count: max(1, nodes)))
            self.gangs.withLock { $0[attempt] = Gang(record: record, isShown: nodes > 1) }
            self.change(attempt) { _ in }
        case .attemptSubmitted(let attempt, _, _): self.change(attempt) { $0.isShown = true }
        case .attemptWaiting(let attempt, let reason):
            self.change(attempt) {
                $0.isShown = true
                $0.record.waits = reason
            }
        case .attemptPlaced(let attempt, let hosts):
            self.change(attempt) {
                $0.isShown = true
                $0.record.waits = nil
                for (node, host) in hosts.enumerated() where $0.record.nodes.indices.contains(node) {
                    $0.record.nodes[node].host = host
                }
            }
        case .nodeState(let attempt, let node, let state):
            self.change(attempt) {
                guard $0.record.nodes.indices.contains(node) else { return }
                $0.record.waits = nil
                $0.record.nodes[node].state = state
            }
        case .attemptFinished(let attempt, _, _, _): self.finish(attempt)
        case .runFinished: self.queue.sync {}
        case .runStarted, .tasksReused, .log, .warning, .environment, .cancelling: break
        }
    }

    private func change(_ attempt: AttemptID, _ body: (inout Gang) -> Void) {
        let isNew = self.gangs.withLock { gangs in
            guard var gang = gangs[attempt] else { return false }
            body(&gang)
            let isNew = gang.isShown && !gang.isDue
            if isNew { gang.isDue = true }
            gangs[attempt] = gang
            return isNew
        }
        guard isNew else { return }
        self.queue.asyncAfter(deadline: .now() + Self.interval) { [weak self] in self?.write(attempt) }
    }

    private func write(_ attempt: AttemptID) {
        let record = self.gangs.withLock { gangs in
            gangs[attempt]?.isDue = false
            gangs[attempt]?.isWritten = true
            return gangs[attempt]?.record
        }
        if let record { self.store(record, attempt) }
    }

    /// The last states and the hosts stay, for those who look when the job is long gone.
    private func finish(_ attempt: AttemptID) {
        guard let gang = self.gangs.withLock({ $0.removeValue(forKey: attempt) }), gang.isWritten || gang.hasHosts
        else { return }
        self.queue.async {
            var record = gang.record
            record.waits = nil
            self.store(record, attempt)
        }
    }

    private func store(_ record: GangRecord, _ attempt: AttemptID) {
        // A record that cannot be written is missing in a view, and nothing else: the disk that is full is told elsewhere.
        try? record.write(to: self.layout.gangFile(attempt))
    }
}

extension GangRecorder.Gang {
    fileprivate var hasHosts: Bool { self.record.nodes.contains { $0.host != nil } }
}
