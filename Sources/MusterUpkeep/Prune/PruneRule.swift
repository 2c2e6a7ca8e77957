import MusterMetadata
import MusterModel
package import MusterStore

/// Which runs a prune removes, and how old what no run names has to be. Decides alone: no store, no clock.
package struct PruneRule: Sendable, Equatable {
    /// Seconds since a run's end, or since the last event of one whose engine is dead.
    package var olderThan: Double
    /// The only flow; nil for all.
    package var flow: String?
    /// Runs with one of these tags stay.
    package var keptTags: Set<String>
    package var safety: SafetyTime

    package init(olderThan: Double, flow: String? = nil, keptTags: Set<String> = [], safety: SafetyTime = .day) {
        self.olderThan = olderThan
        self.flow = flow
        self.keptTags = keptTags
        self.safety = safety
    }

    /// True for a run that ended, or whose engine was last heard of, at `end`.
    func isDue(_ run: RunKey, end: Double, now: Double) -> Bool {
        (self.flow == nil || run.flow == self.flow) && now - end > self.olderThan
    }

    func isKept(tags: [String]) -> Bool { !self.keptTags.isDisjoint(with: tags) }

    /// What is still awaited: the origins of runs that have not ended and are not among `due`.
    static func awaited(_ runs: [ListedRun], besides due: Set<RunKey>) -> Set<RunKey> {
        let open = runs.filter { $0.verdict == nil && !due.contains($0.key) }
        return Set(open.compactMap { run in run.originRun.map { RunKey(flow: run.key.flow, run: $0) } })
    }

    /// The time before which a thing that no run names must have been used last to be removed.
    ///
    /// A run that has not ended may name tomorrow what it has made or used since it began, and it uses nothing that was not
    /// young then.
    /// - Parameters:
    ///   - staying: The runs that stay.
    ///   - now: A time before they were listed.
    func horizon(_ staying: [ListedRun], now: Double) -> Double {
        let open = staying.filter { $0.verdict == nil && $0.problem == nil }.map(\.created)
        return min(now, open.min() ?? now) - self.safety.seconds
    }
}
