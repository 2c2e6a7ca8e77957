import MusterBackends

/// The state of a job out of those of its pods. Pure.
enum GangState {
    /// - Parameters:
    ///   - pods: By the indices of their nodes; those that are missing have been removed.
    ///   - nodes: How many there have to be.
    static func state(_ pods: [Int: Pod], nodes: Int) -> JobState {
        let ends = pods.compactMapValues(PodState.end)
        if ends.count == pods.count { return .ended(self.end(ends, nodes: nodes)) }
        let waits = pods.compactMapValues(PodState.wait)
        guard var wait = self.wait(waits, of: nodes) else {
            return .running(hosts: self.hosts(pods, nodes))
        }
        // Once all have machines, nothing is waited for but images.
        let placed = pods.count { $0.value.spec?.nodeName != nil }
        if placed > 0, placed < nodes { wait.placed = placed }
        return .queued(wait)
    }

    /// How the gang ended: as the first node whose end explains most.
    private static func end(_ ends: [Int: JobEnd], nodes: Int) -> JobEnd {
        let order: [JobEnd.Kind] = [
            .outOfMemory, .nodeFailed, .preempted, .timeLimit, .notStarted, .failed, .cancelled, .forgotten, .completed,
        ]
        func rank(_ end: JobEnd) -> Int { order.firstIndex(of: end.kind) ?? order.count }
        guard let (index, end) = ends.min(by: { (rank($0.value), $0.key) < (rank($1.value), $1.key) }) else {
            return JobEnd(kind: .cancelled, reason: "its pods were removed")
        }
        guard nodes > 1, end.kind != .completed else { return end }
        var named = end
        named.reason = "node \(index): \(end.reason)"
        return named
    }

    /// The words of the node that waits for the worst reason.
    private static func wait(_ waits: [Int: JobWait], of nodes: Int) -> JobWait? {
        guard
            let (index, wait) = waits.min(by: { first, second in
                (self.rank(first.value), first.key) < (self.rank(second.value), second.key)
            })
        else { return nil }
        guard nodes > 1 else { return wait }
        var told = wait
        let many = waits.count < nodes ? "\(waits.count) of \(nodes) nodes wait" : nil
        told.advice = [wait.isHopeless ? "node \(index)" : many, wait.advice].compactMap(\.self)
            .joined(separator: "; ")
        if told.advice == "" { told.advice = nil }
        return told
    }

    private static func rank(_ wait: JobWait) -> Int {
        if wait.isHopeless { return 0 }
        return wait.reason == PodState.creating ? 2 : 1
    }

    private static func hosts(_ pods: [Int: Pod], _ nodes: Int) -> [String] {
        let hosts = (0..<nodes).compactMap { pods[$0]?.spec?.nodeName }
        return hosts.count == nodes ? hosts : []
    }
}
