import FoundationEssentials
import MusterCourier
package import MusterMetadata
package import MusterModel
import MusterObjects
import MusterStore

/// From the bucket into this machine's database.
extension BucketMetadata {
    /// Takes the record of the run, unless it is here.
    /// - Returns: False when there is no such run.
    func hasRecord(of run: RunKey) async throws -> Bool {
        if try await self.near.record(of: run) != nil {
            if self.hasSeen(run) || RunLock.isHeldHere(path: self.layout.runLock(flow: run.flow, run: run.run)) {
                return true
            }
            if try await self.holds(run) {
                self.note(run)
                return true
            }
            // Somebody has removed it since this machine saw it.
            try await self.forgetHere(run)
            return false
        }
        guard let data = try await self.objects.find(BucketLayout.record(run)) else { return false }
        guard let record = try? JSONDecoder().decode(RunRecord.self, from: data), record.key == run else {
            throw MetadataError(
                code: .corrupt,
                message:
                    "the object \(BucketLayout.record(run)) is no record of that run; it was damaged, or written by another version"
            )
        }
        self.note(run)
        do {
            try await self.near.create(record)
        } catch let error as MetadataError where error.code == .duplicate {
            // Another program of this machine was faster.
        }
        return true
    }

    /// Takes the events of the run that are not here. A run that an engine of this machine moves is up to date.
    func catchUp(_ run: RunKey) async throws { _ = try await self.caughtUp(run) }

    /// Takes the events of the run that are not here, also while this program holds its lock.
    /// - Returns: The number of its events.
    @discardableResult
    package func caughtUp(_ run: RunKey, evenIfHeldHere isForced: Bool = false) async throws -> Int {
        guard try await self.hasRecord(of: run) else {
            throw MetadataError(code: .missing, message: "there is no run \(run)")
        }
        var count = try await self.near.eventCount(of: run)
        if !isForced, RunLock.isHeldHere(path: self.layout.runLock(flow: run.flow, run: run.run)) { return count }
        while true {
            let before = count
            let isAtSegment = count % BucketLayout.segment == 0
            if isAtSegment, let batches = try await self.segment(count / BucketLayout.segment, of: run) {
                count = try await self.take(batches, of: run, after: count)
                if count > before { continue }
            }
            count = try await self.take(self.batches(after: count, of: run), of: run, after: count)
            // Behind a full folder of batches there may be another one.
            guard count > before, count % BucketLayout.segment == 0 else { return count }
        }
    }

    private func segment(_ number: Int, of run: RunKey) async throws -> [EventBatch]? {
        let key = BucketLayout.segment(run, number)
        return try await self.objects.find(key).map { try EventBatch.read($0, key: key) }
    }

    private func batches(after count: Int, of run: RunKey) async throws -> [EventBatch] {
        let prefix = BucketLayout.events(run, segment: count / BucketLayout.segment)
        let keys = try await self.objects.objects(prefix: prefix).map(\.key)
            .filter { BucketLayout.number(of: $0) ?? 0 > count }
        return try await Parallel.map(keys) { key in
            try EventBatch.read(await self.objects.get(key), key: key)
        }.flatMap { $0 }
    }

    private func take(_ batches: [EventBatch], of run: RunKey, after count: Int) async throws -> Int {
        var count = count
        for batch in batches where batch.last > count {
            guard batch.first == count + 1 else {
                throw MetadataError(
                    code: .corrupt,
                    message:
                        "event \(count + 1) of the run \(run) is not in the bucket, and event \(batch.first) is; an object below \(BucketLayout.run(run)) was removed"
                )
            }
            try await self.index(batch, of: run)
            count = batch.last
        }
        return count
    }

    /// Learns from the bucket whether an engine moves the run, for those who look at its lock here.
    /// - Returns: True when one does.
    @discardableResult
    package func lookAtEngine(of run: RunKey) async throws -> Bool {
        let path = self.layout.runLock(flow: run.flow, run: run.run)
        if RunLock.isHeldHere(path: path) { return true }
        let reading = try await BucketLease.read(run, self.objects).flatMap {
            BucketLease.isDead($0.sign.place) ? nil : $0
        }
        RunLock.tell(reading?.sign, age: reading?.age ?? 0, path: path)
        return RunLock.holder(path: path) != nil
    }
}
