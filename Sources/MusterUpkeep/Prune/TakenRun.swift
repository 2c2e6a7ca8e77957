import MusterBucket
import MusterMetadata
import MusterModel
import MusterObjects
import MusterStore

/// A run that is to be removed, kept from engines: one that has not ended is held by its lock, and in a bucket by its
/// lease, for as long as this value lives.
final class TakenRun: Sendable {
    let run: RunKey
    private let lock: RunLock?
    private let lease: BucketLease?

    /// Seconds in which a command that looks at the lock gives it back.
    private static let timeout = 1.0
    private static let times = BucketLease.Times(interval: 5, cancelInterval: 2)

    /// - Returns: nil when an engine has taken it up meanwhile.
    init?(_ run: RunKey, in store: KeptStore) async throws {
        self.run = run
        guard let record = try await store.find(run) else { return nil }
        guard record.verdict == nil else {
            (self.lock, self.lease) = (nil, nil)
            return
        }
        do {
            let count = try await store.metadata.eventCount(of: run)
            self.lock = try RunLock(
                path: store.layout.runLock(flow: run.flow, run: run.run), timeout: Self.timeout)
            self.lease = try await store.bucket.asyncMap {
                try await BucketLease.take(run, $0.objects, Self.times, isNew: false, onWait: { _, _ in })
            }
            _ = try await store.bucket?.metadata.caughtUp(run, evenIfHeldHere: true)
            guard try await store.metadata.eventCount(of: run) == count else {
                await self.lease?.end()
                return nil
            }
        } catch let error as StoreError where error.code == .busy {
            return nil
        } catch let error as MetadataError where error.code == .missing {
            // Another prune was faster.
            return nil
        }
    }

    /// Gives a run back that was not removed.
    func release() async { await self.lease?.end() }
}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncMap<Value>(_ body: (Wrapped) async throws -> Value) async throws -> Value? {
        guard let wrapped = self else { return nil }
        return try await body(wrapped)
    }
}
