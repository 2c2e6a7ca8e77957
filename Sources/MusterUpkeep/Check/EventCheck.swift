import FoundationEssentials
import MusterBucket
import MusterCourier
import MusterMetadata
import MusterModel
import MusterObjects

/// Compares the events of a run in a bucket with themselves: batches follow one another without a gap, and segments hold
/// what the batches hold.
struct EventCheck: Sendable {
    private let bucket: Bucket
    private let check: StoreCheck
    private let run: RunKey

    init(_ bucket: Bucket, _ check: StoreCheck, _ run: RunKey) {
        self.bucket = bucket
        self.check = check
        self.run = run
    }

    /// What an object says; nil when it cannot be read.
    private typealias Lines = [String: [EventBatch]?]

    /// - Returns: True when a fault was found.
    func perform() async throws -> Bool {
        let batches = try await self.lines(below: BucketLayout.events(self.run))
        let segments = try await self.lines(below: BucketLayout.segments(self.run))
        let byFolder = Dictionary(grouping: batches.keys) { key in
            BucketLayout.number(of: key).map { ($0 - 1) / BucketLayout.segment } ?? -1
        }
        let last = max(byFolder.keys.max() ?? -1, segments.keys.compactMap(BucketLayout.number).max() ?? -1)
        guard last >= 0 else { return false }
        var isRight = true
        for number in 0...last {
            let own = Dictionary(uniqueKeysWithValues: (byFolder[number] ?? []).map { ($0, batches[$0] ?? nil) })
            let segment = segments[BucketLayout.segment(self.run, number)]
            isRight = try await self.checkSegment(number, isLast: number == last, own, segment) && isRight
        }
        return !isRight
    }

    private func lines(below prefix: String) async throws -> Lines {
        let keys = try await self.bucket.objects.objects(prefix: prefix).map(\.key)
        let read = try await Parallel.map(keys) { key in
            try Self.batches(in: try await self.bucket.objects.get(key), key)
        }
        return Dictionary(uniqueKeysWithValues: zip(keys, read))
    }

    /// nil when they cannot be read.
    private static func batches(in data: Data, _ key: String) throws -> [EventBatch]? {
        do { return try EventBatch.read(data, key: key) } catch let error as MetadataError where error.code == .corrupt
        {
            return nil
        }
    }

    /// - Parameter segment: nil for none; nil within for one that cannot be read.
    /// - Returns: True when all is right.
    private func checkSegment(
        _ number: Int, isLast: Bool, _ batches: Lines, _ segment: [EventBatch]??
    ) async throws -> Bool {
        let first = number * BucketLayout.segment + 1
        let fromBatches = Self.events(batches.sorted { $0.key < $1.key }.map(\.value), from: first)
        let fromSegment = segment.flatMap { Self.events([$0], from: first) }
        let isFull = fromBatches?.count == BucketLayout.segment
        let key = BucketLayout.segment(self.run, number)
        if let fromBatches, isFull || (isLast && segment == nil) {
            // An engine that dies before it writes the segment leaves none, which costs readers requests and nothing else.
            guard segment != nil, fromSegment != fromBatches else { return true }
            try await self.mend(
                "the object \(key) holds other events than the batches of \(self.run)", fromBatches, first, at: [key])
            return false
        }
        let broken = batches.filter { $0.value == nil }.map(\.key).sorted()
        let text =
            broken.isEmpty
            ? "events of \(self.run) are missing below \(BucketLayout.events(self.run, segment: number))"
            : "the events in the object \(broken[0]) cannot be read"
        guard let fromSegment, fromSegment.count == BucketLayout.segment else {
            self.check.fault(text, "restore it from a copy; the run ends there otherwise")
            return false
        }
        // All of them stand in one batch then.
        try await self.mend(
            text, fromSegment, first, at: [BucketLayout.batch(self.run, first: first)], removing: batches)
        return false
    }

    private func mend(
        _ text: String, _ events: [RecordedEvent], _ first: Int, at keys: [String], removing others: Lines = [:]
    ) async throws {
        guard self.check.repairs else {
            return self.check.fault(text, "--repair writes it again from the other objects")
        }
        let lines = try EventBatch.lines(of: events, first: first)
        for key in keys { try await self.bucket.objects.put(lines, at: key) }
        let old = others.keys.filter { !keys.contains($0) }
        if !old.isEmpty { try await self.bucket.objects.remove(old) }
        self.check.fault(text, "written again", isRepaired: true)
    }

    /// The events that follow one another from `first` on; nil when one is missing or cannot be read.
    private static func events(_ objects: [[EventBatch]?], from first: Int) -> [RecordedEvent]? {
        var events: [RecordedEvent] = []
        for object in objects {
            guard let batches = object else { return nil }
            for batch in batches {
                guard batch.first == first + events.count else { return nil }
                events += batch.events.map { RecordedEvent(event: $0, time: batch.time) }
            }
        }
        return events
    }
}
