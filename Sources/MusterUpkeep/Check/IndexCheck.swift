import FoundationEssentials
import MusterBucket
import MusterCourier
import MusterMetadata
import MusterModel
import MusterObjects

/// Compares the index of a bucket with the records of its runs.
struct IndexCheck: Sendable {
    private let bucket: Bucket
    private let check: StoreCheck

    init(_ bucket: Bucket, _ check: StoreCheck) {
        self.bucket = bucket
        self.check = check
    }

    /// - Parameter runs: Those in the index, and those that are in it no longer; their events have been checked.
    func perform(_ runs: [ListedRun]) async throws {
        let keys = try await self.bucket.objects.objects(prefix: BucketLayout.index).map(\.key)
        for key in keys where IndexEntry(key: key) == nil {
            try await self.mend("the object \(key) is no entry of the index", remove: [key], put: [])
        }
        let entries = Dictionary(grouping: keys.filter { IndexEntry(key: $0) != nil }) { IndexEntry(key: $0)?.run.key }
        try await Parallel.each(runs.filter { $0.problem == nil }, width: 8) { run in
            try await self.check(run.key, entries[run.key] ?? [])
        }
    }

    private func check(_ run: RunKey, _ entries: [String]) async throws {
        // One that goes on or ends at this moment has its entries changed by its engine.
        guard try await self.check.store.engine(of: run) == nil else { return }
        let found: RunRecord?
        do {
            found = try await self.bucket.metadata.record(of: run)
        } catch let error as MetadataError where error.code == .corrupt {
            // It was told with the run.
            return
        }
        guard let record = found else {
            return try await self.mend(
                "the index has an entry of \(run), which has no record", remove: entries, put: [])
        }
        let right = IndexEntry(ListedRun(record)).key
        let others = entries.filter { $0 != right }
        if !entries.contains(right) {
            try await self.mend("the index says something else of \(run) than its record", remove: others, put: [right])
        } else if !others.isEmpty {
            try await self.mend("the index has \(others.count) old entries of \(run)", remove: others, put: [])
        }
    }

    private func mend(_ text: String, remove: [String], put: [String]) async throws {
        guard self.check.repairs else { return self.check.fault(text, "--repair writes the index again") }
        for key in put { try await self.bucket.objects.put(Data(), at: key) }
        if !remove.isEmpty { try await self.bucket.objects.remove(remove) }
        self.check.fault(text, "mended", isRepaired: true)
    }
}
