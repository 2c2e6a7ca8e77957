package import MusterBucket
import MusterCourier
package import MusterMetadata
import MusterModel
package import MusterObjects
package import MusterStore

/// A store whose runs are copied, checked or pruned: a folder, or a bucket with this machine's copy of it.
package struct KeptStore: Sendable {
    /// The folder's path, or `s3://bucket/prefix`.
    package let name: String
    package let layout: StoreLayout
    package let metadata: any MetadataStore
    package let bucket: Bucket?
    /// The bucket through a client that sends no request a second time: a prune must not remove an object that was made
    /// anew since.
    let once: (any ObjectStore)?

    package init(
        name: String, layout: StoreLayout, metadata: any MetadataStore, bucket: Bucket? = nil,
        once: (any ObjectStore)? = nil
    ) {
        self.name = name
        self.layout = layout
        self.metadata = metadata
        self.bucket = bucket
        self.once = once
    }

    var artifacts: ArtifactStore { ArtifactStore(self.layout) }

    /// The engine that moves the run, as `muster list` sees it; nil when none does.
    func engine(of run: RunKey) async throws -> RunLock.Holder? {
        try await self.bucket?.metadata.lookAtEngine(of: run)
        return RunLock.holder(path: self.layout.runLock(flow: run.flow, run: run.run))
    }

    /// The record of a run that is named.
    /// - Throws: ``UpkeepError`` with code ``UpkeepError/Code/missing`` when there is no such run.
    func record(of run: RunKey) async throws -> RunRecord {
        guard let record = try await self.find(run) else {
            throw UpkeepError(.missing, "there is no run \(run) in \(self.name); `muster list` shows what there is")
        }
        return record
    }

    /// The result of `body`; nil when the run that it is about has been removed meanwhile.
    func unlessGone<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value? {
        do { return try await body() } catch let error as MetadataError where error.code == .missing { return nil }
    }

    /// The record of the run; nil when there is none.
    func find(_ run: RunKey) async throws -> RunRecord? {
        try await self.unlessGone { try await self.metadata.record(of: run) } ?? nil
    }

    /// The elements of foreaches that are artifacts of their own, which only the lists name.
    func elements(of lists: [ArtifactReference]) async throws -> [ArtifactReference] {
        try await self.bucket?.courier.fetch(lists)
        return try lists.flatMap { try self.artifacts.elements(of: $0) }
    }
}
