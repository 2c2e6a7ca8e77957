import MusterMetadata
package import MusterModel

/// The runs that a verb is about: those that are named, those of a flow, or all.
package struct RunChoice: Sendable {
    package var runs: [RunKey]
    package var flow: String?

    package init(runs: [RunKey] = [], flow: String? = nil) {
        self.runs = runs
        self.flow = flow
    }

    /// True when a run that is refused is passed over, because others were meant as well.
    var isWide: Bool { self.runs.isEmpty }

    /// Newest first.
    /// - Throws: ``UpkeepError`` for a run that is named and is not there.
    func keys(in store: KeptStore) async throws -> [RunKey] {
        guard self.isWide else {
            for run in self.runs { _ = try await store.record(of: run) }
            return self.runs
        }
        let listed = try await store.metadata.listed(flow: self.flow, limit: nil)
        if let problem = listed.lazy.compactMap(\.problem).first { throw problem }
        return listed.map(\.key)
    }
}
