import FoundationEssentials
package import MusterCourier
package import MusterMetadata
package import MusterModel
package import MusterObjects
package import MusterStore
import Synchronization

/// The runs of a bucket, with a database of this machine as their index.
///
/// Events are numbered objects that only one writer can make, written before they are in the database and before anybody
/// acts on them: of two engines with the same run the slower one is refused. The database can be removed at any time; it
/// is filled from the bucket again.
package final class BucketMetadata: MetadataStore {
    let objects: any ObjectStore
    let near: any MetadataStore
    let layout: StoreLayout
    let courier: BucketCourier
    /// Runs whose records this process has seen in the bucket, which others may have removed since it was here last.
    private let seen = Mutex<Set<RunKey>>([])

    package init(_ objects: any ObjectStore, near: any MetadataStore, layout: StoreLayout, courier: BucketCourier) {
        self.objects = objects
        self.near = near
        self.layout = layout
        self.courier = courier
    }

    func hasSeen(_ run: RunKey) -> Bool { self.seen.withLock { $0.contains(run) } }
    func note(_ run: RunKey) { _ = self.seen.withLock { $0.insert(run) } }
    func forget(_ run: RunKey) { _ = self.seen.withLock { $0.remove(run) } }

    // MARK: - Writing

    package func create(_ record: RunRecord) async throws {
        try await self.courier.store(record.fileReferences)
        let data = try Self.encode(record)
        guard try await self.objects.put(data, at: BucketLayout.record(record.key), mode: .creating) == .stored else {
            throw MetadataError(code: .duplicate, message: "the run \(record.key) exists already")
        }
        self.note(record.key)
        try await self.near.create(record)
        try await self.objects.put(Data(), at: IndexEntry(ListedRun(record)).key)
    }

    /// The bytes of a record in the bucket.
    static func encode(_ record: RunRecord) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(record)
    }

    package func append(_ events: [RunEvent], to run: RunKey, at time: Double, after count: Int?) async throws {
        guard !events.isEmpty else { return }
        // Whoever sees an event can get what it names.
        try await self.courier.store(events.flatMap(self.made))
        var first = 1
        if let count { first += count } else { first += try await self.caughtUp(run) }
        var rest = events[...]
        while !rest.isEmpty {
            // No batch lies in two segments.
            let room = BucketLayout.segment - (first - 1) % BucketLayout.segment
            let batch = EventBatch(first: first, time: time, events: Array(rest.prefix(room)))
            try await self.append(batch, to: run)
            first += batch.events.count
            rest = rest.dropFirst(room)
        }
        for case .ended in events { try await self.close(run) }
    }

    private func append(_ batch: EventBatch, to run: RunKey) async throws {
        let key = BucketLayout.batch(run, first: batch.first)
        guard try await self.objects.put(try batch.line(), at: key, mode: .creating) == .stored else {
            // The message says who has the run, where that can be read.
            let holder = try? await BucketLease.read(run, self.objects)
            throw MetadataError(
                code: .conflict,
                message:
                    "another engine moves the run \(run)\(holder.map { ": \($0.sign.place)" } ?? ""); it has stored event \(batch.first), which this one was about to"
            )
        }
        try await self.index(batch, of: run)
        if batch.last % BucketLayout.segment == 0 { try await self.writeSegment(endingWith: batch.last, of: run) }
    }

    /// Takes a batch of the bucket into the database, where another program of this machine may already have put it.
    func index(_ batch: EventBatch, of run: RunKey) async throws {
        do {
            try await self.near.append(batch.events, to: run, at: batch.time, after: batch.first - 1)
        } catch let error as MetadataError where error.code == .conflict {
            guard try await self.near.eventCount(of: run) >= batch.last else { throw error }
        }
    }

    /// Saves whoever reads a long run a request for each batch.
    private func writeSegment(endingWith last: Int, of run: RunKey) async throws {
        let number = last / BucketLayout.segment - 1
        let before = number * BucketLayout.segment
        let events = try await self.near.events(of: run, after: before).prefix(BucketLayout.segment)
        try await self.objects.put(
            try EventBatch.lines(of: Array(events), first: before + 1), at: BucketLayout.segment(run, number))
    }

    /// Replaces the index's entry of a run that has ended, which its record in the database says already.
    private func close(_ run: RunKey) async throws {
        guard let record = try await self.near.record(of: run) else { return }
        let closed = ListedRun(record)
        var open = closed
        (open.verdict, open.finished) = (nil, nil)
        try await self.objects.put(Data(), at: IndexEntry(closed).key)
        try await self.objects.remove(IndexEntry(open).key)
    }

    /// The artifacts that are first named by the event: those of a clone are in the bucket since its origin ran.
    private func made(by event: RunEvent) throws -> [ArtifactReference] {
        if case .cloned = event {
            self.courier.note(event.references)
            return []
        }
        guard case .attemptSucceeded(_, _, let nodes) = event else { return event.references }
        let artifacts = ArtifactStore(self.layout)
        // A node that has no part in this machine's folder has stored the elements with their list.
        let listed = nodes.filter { $0.items.map(artifacts.has) ?? false }
        return try event.references + listed.flatMap { try $0.elements(in: artifacts) }
    }

    // MARK: - Reading

    package func events(of run: RunKey, after count: Int) async throws -> [RecordedEvent] {
        try await self.catchUp(run)
        let events = try await self.near.events(of: run, after: count)
        // Of another run's artifacts some may have been removed, damaged as they were, to be made again.
        if RunLock.isHeldHere(path: self.layout.runLock(flow: run.flow, run: run.run)) {
            for recorded in events { self.courier.note(recorded.event.references) }
        }
        return events
    }

    package func eventCount(of run: RunKey) async throws -> Int { try await self.caughtUp(run) }

    package func changeMark() async throws -> ChangeMark { try await self.near.changeMark() }

    package func record(of run: RunKey) async throws -> RunRecord? {
        guard try await self.hasRecord(of: run) else { return nil }
        try await self.catchUp(run)
        return try await self.near.record(of: run)
    }

    package func runs(flow: String?, limit: Int?) async throws -> [StoredRun] {
        let keys = try await self.listed(flow: flow, limit: limit)
        return try await Parallel.map(keys) { listed in
            do {
                guard let record = try await self.record(of: listed.key) else {
                    throw MetadataError(
                        code: .corrupt, message: "the run \(listed.key) is in the bucket's index, and has no record")
                }
                return .whole(record)
            } catch let error as MetadataError where error.code == .corrupt {
                return .damaged(listed.key, created: listed.created, error)
            }
        }
    }

    package func listed(flow: String?, limit: Int?) async throws -> [ListedRun] {
        var found: [ListedRun] = []
        var places: [RunKey: Int] = [:]
        var request = ListRequest(prefix: BucketLayout.index)
        repeat {
            let page = try await self.objects.list(request)
            for run in page.objects.compactMap({ IndexEntry(key: $0.key)?.run })
            where flow == nil || run.key.flow == flow {
                // For a moment a run that ends has two entries.
                if let place = places[run.key] {
                    if run.verdict != nil { found[place] = run }
                } else {
                    places[run.key] = found.count
                    found.append(run)
                }
            }
            request.after = page.next
        } while request.after != nil && limit.map { found.count <= $0 } ?? true
        return try await self.settled(limit.map { Array(found.prefix($0)) } ?? found)
    }

    /// Looks again at runs that have not ended by the index: their engines may have died before they could say it there.
    private func settled(_ runs: [ListedRun]) async throws -> [ListedRun] {
        try await Parallel.map(runs) { run in
            guard run.verdict == nil else { return run }
            if try await self.lookAtEngine(of: run.key) { return run }
            do {
                return try await self.record(of: run.key).map { ListedRun($0) } ?? run
            } catch let error as MetadataError where error.code == .corrupt {
                var run = run
                run.problem = error
                return run
            }
        }
    }

    // MARK: - Tags

    package func tags(of run: RunKey) async throws -> [String] {
        _ = try await self.takeTags(of: run)
        return try await self.near.tags(of: run)
    }

    package func changeTags(of run: RunKey, adding: Set<String>, removing: Set<String>) async throws {
        guard try await self.hasRecord(of: run) else {
            throw MetadataError(code: .missing, message: "there is no run \(run)")
        }
        let change = TagChange(add: adding.sorted(), remove: removing.subtracting(adding).sorted())
        let data = try JSONEncoder().encode(change)
        while true {
            let count = try await self.takeTags(of: run)
            let key = BucketLayout.tagChange(run, count + 1)
            if try await self.objects.put(data, at: key, mode: .creating) == .stored { break }
        }
        try await self.near.changeTags(of: run, adding: adding, removing: removing)
    }

    struct TagChange: Codable {
        var add: [String]
        var remove: [String]

        static func read(_ data: Data, key: String) throws -> TagChange {
            guard let change = try? JSONDecoder().decode(TagChange.self, from: data) else {
                throw MetadataError(
                    code: .corrupt,
                    message:
                        "the tags in the object \(key) cannot be read; it was damaged, or written by another version")
            }
            return change
        }
    }

    /// Brings the database's tags of the run up to date.
    /// - Returns: The number of their changes.
    private func takeTags(of run: RunKey) async throws -> Int {
        guard try await self.hasRecord(of: run), let record = try await self.near.record(of: run) else { return 0 }
        let (tags, count) = try await self.changedTags(of: record)
        let present = Set(try await self.near.tags(of: run))
        if tags != present {
            try await self.near.changeTags(
                of: run, adding: tags.subtracting(present), removing: present.subtracting(tags))
        }
        return count
    }

    /// The tags of the run by its changes in the bucket, and the number of the last one.
    func changedTags(of record: RunRecord) async throws -> (tags: Set<String>, count: Int) {
        let keys = try await self.objects.objects(prefix: BucketLayout.tags(record.key)).map(\.key)
        let changes = try await Parallel.map(keys) { key in
            try TagChange.read(await self.objects.get(key), key: key)
        }
        var tags = Set(record.tags ?? [])
        for change in changes { tags = tags.subtracting(change.remove).union(change.add) }
        return (tags, keys.last.flatMap(BucketLayout.number) ?? 0)
    }
}
