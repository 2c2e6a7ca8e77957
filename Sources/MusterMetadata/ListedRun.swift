package import MusterModel

/// A run as a listing shows it.
package struct ListedRun: Sendable, Equatable {
    package var key: RunKey
    /// Unix seconds.
    package var created: Double
    package var finished: Double?
    package var verdict: RunVerdict?
    package var user: String?
    package var originRun: String?
    /// Why its record cannot be read; nil for one that can.
    package var problem: MetadataError?

    package init(
        key: RunKey, created: Double, finished: Double? = nil, verdict: RunVerdict? = nil, user: String? = nil,
        originRun: String? = nil
    ) {
        self.key = key
        self.created = created
        self.finished = finished
        self.verdict = verdict
        self.user = user
        self.originRun = originRun
    }

    package init(_ record: RunRecord) {
        self.init(
            key: record.key, created: record.created, finished: record.finished, verdict: record.verdict,
            user: record.user, originRun: record.originRun)
    }

    init(_ run: StoredRun) {
        switch run {
        case .whole(let record): self.init(record)
        case .damaged(let key, let created, let problem):
            self.init(key: key, created: created)
            self.problem = problem
        }
    }
}
