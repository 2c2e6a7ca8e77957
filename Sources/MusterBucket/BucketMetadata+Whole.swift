import FoundationEssentials
import MusterCourier
import MusterMetadata
package import MusterModel
import MusterObjects
import MusterStore
import MusterSystem

/// Whole runs: added by a copy, removed by a prune.
extension BucketMetadata {
    /// Events first, then tags, the record and the index's entry: until the record is there nobody sees anything.
    package func add(_ record: RunRecord, events: [RecordedEvent], tags: [String]) async throws {
        let run = record.key
        guard try await !self.holds(run) else {
            throw MetadataError(code: .duplicate, message: "the run \(run) exists already")
        }
        var wanted: Set<String> = []
        for start in stride(from: 0, to: events.count, by: BucketLayout.segment) {
            let part = Array(events[start..<min(start + BucketLayout.segment, events.count)])
            let lines = try EventBatch.lines(of: part, first: start + 1)
            var keys = [BucketLayout.batch(run, first: start + 1)]
            if part.count == BucketLayout.segment {
                keys.append(BucketLayout.segment(run, start / BucketLayout.segment))
            }
            for key in keys { try await self.objects.put(lines, at: key) }
            wanted.formUnion(keys)
        }
        try await self.removeOthers(of: run, than: wanted)
        var open = record
        (open.verdict, open.finished) = (nil, nil)
        try await self.addTags(tags, of: open)
        guard
            try await self.objects.put(try Self.encode(open), at: BucketLayout.record(run), mode: .creating) == .stored
        else { throw MetadataError(code: .duplicate, message: "the run \(run) exists already") }
        self.note(run)
        try await self.objects.put(Data(), at: IndexEntry(ListedRun(record)).key)
    }

    /// Removes objects of another state of the run, which a copy that was cut off has left.
    private func removeOthers(of run: RunKey, than wanted: Set<String>) async throws {
        for prefix in [BucketLayout.events(run), BucketLayout.segments(run)] {
            let keys = try await self.objects.objects(prefix: prefix).map(\.key).filter { !wanted.contains($0) }
            if !keys.isEmpty { try await self.objects.remove(keys) }
        }
    }

    private func addTags(_ tags: [String], of record: RunRecord) async throws {
        let (present, count) = try await self.changedTags(of: record)
        guard present != Set(tags) else { return }
        let change = TagChange(
            add: Set(tags).subtracting(present).sorted(), remove: present.subtracting(tags).sorted())
        try await self.objects.put(try JSONEncoder().encode(change), at: BucketLayout.tagChange(record.key, count + 1))
    }

    package func holds(_ run: RunKey) async throws -> Bool {
        try await self.objects.head(BucketLayout.record(run)) != nil
    }

    /// Puts the index's entry of a run that is there: a copy may have been cut off before.
    package func list(_ record: RunRecord) async throws {
        try await self.objects.put(Data(), at: IndexEntry(ListedRun(record)).key)
    }

    /// Entries of the index first, then the records: from then on there are no such runs. Their other objects follow.
    ///
    /// A run that begins to resume one of them at this moment has its record before it looks whether its origin is there,
    /// so that it is either seen here, and the origin is put back, or refused there.
    package func remove(_ runs: [RunKey]) async throws -> [RunKey] {
        let before = try await self.awaited(besides: runs)
        let free = runs.filter { !before.contains($0) }
        let removed = try await Parallel.map(free) { try await self.removeRecord(of: $0) }
        let after = try await self.awaited(besides: free)
        try await Parallel.each(zip(free, removed).filter { after.contains($0.0) }.map(\.1)) {
            try await self.putBack($0)
        }
        let gone = free.filter { !after.contains($0) }
        try await Parallel.each(gone) { run in
            try await self.removeObjects(of: run)
            try await self.forgetHere(run)
        }
        return gone
    }

    /// The objects by which a run exists, by key: they are put back when it has to stay.
    private typealias Removed = [String: Data]

    private func removeRecord(of run: RunKey) async throws -> Removed {
        let key = BucketLayout.record(run)
        guard let data = try await self.objects.find(key) else { return [:] }
        // The time narrows the listing: where the record is damaged, all of the index is looked through.
        let created = (try? JSONDecoder().decode(RunRecord.self, from: data))?.created
        let prefix = created.map { IndexEntry(ListedRun(key: run, created: $0)).head } ?? BucketLayout.index
        let entries = try await self.objects.objects(prefix: prefix).map(\.key).filter {
            IndexEntry(key: $0)?.run.key == run
        }
        try await self.objects.remove(entries)
        try await self.objects.remove(key)
        return Dictionary(uniqueKeysWithValues: entries.map { ($0, Data()) } + [(key, data)])
    }

    private func putBack(_ removed: Removed) async throws {
        for (key, data) in removed.sorted(by: { $0.key > $1.key }) { try await self.objects.put(data, at: key) }
    }

    /// The origins of runs that have not ended and are not among `runs`.
    private func awaited(besides runs: [RunKey]) async throws -> Set<RunKey> {
        let open = try await self.listed(flow: nil, limit: nil).filter { $0.verdict == nil && !runs.contains($0.key) }
        return Set(open.compactMap { run in run.originRun.map { RunKey(flow: run.key.flow, run: $0) } })
    }

    /// Removes what is left below the prefix of a run that has no record.
    package func removeObjects(of run: RunKey) async throws {
        let keys = try await self.objects.objects(prefix: BucketLayout.run(run)).map(\.key)
        if !keys.isEmpty { try await self.objects.remove(keys) }
    }

    /// Removes this machine's copy of the run.
    func forgetHere(_ run: RunKey) async throws {
        self.forget(run)
        _ = try await self.near.remove([run])
        _ = FolderRemoval.remove(self.layout.runFolder(flow: run.flow, run: run.run))
    }
}
