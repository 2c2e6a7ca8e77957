import FoundationEssentials
import MusterCourier
package import MusterModel
package import MusterObjects
package import MusterProcess
package import MusterStore
import MusterSystem

/// The sign of life of a run's engine in a bucket: an object that is replaced at an interval.
///
/// Its age is the difference of two times of the server, so no clock of two machines is compared. `Documentation/Bucket.md`
/// is the contract.
package struct BucketLease: Sendable {
    /// A sign and the seconds since it was given.
    package struct Reading: Sendable, Equatable {
        package var sign: LeaseSign
        package var age: Double
    }

    /// Seconds between two signs, and between two looks for a request to end the run.
    package struct Times: Sendable {
        package var interval: Double
        package var cancelInterval: Double

        package init(interval: Double, cancelInterval: Double) {
            self.interval = interval
            self.cancelInterval = cancelInterval
        }
    }

    /// A sign that is this many intervals old is that of a dead engine.
    private static let silence = 10.0

    private let run: RunKey
    private let objects: any ObjectStore
    private let times: Times

    /// The engine's last sign; nil when there is none.
    package static func read(_ run: RunKey, _ objects: any ObjectStore) async throws -> Reading? {
        let key = BucketLayout.lease(run)
        let age = try await objects.age(key)
        guard let text = try await objects.find(key) else { return nil }
        return LeaseSign(text: String(decoding: text, as: UTF8.self)).map { Reading(sign: $0, age: age ?? 0) }
    }

    /// Takes the run's lease. The caller holds its lock, as far as this machine sees.
    /// - Parameters:
    ///   - isNew: Nobody else can know of the run.
    ///   - onWait: Called before the sign of another engine is waited for, with that engine and the most seconds.
    /// - Throws: `StoreError` with code `busy` when another engine has it.
    package static func take(
        _ run: RunKey, _ objects: any ObjectStore, _ times: Times, isNew: Bool,
        onWait: @Sendable (ProcessPlace, Double) -> Void
    ) async throws -> BucketLease {
        let lease = BucketLease(run: run, objects: objects, times: times)
        var wasForeign = false
        if !isNew, let first = try await self.read(run, objects), !Self.isDead(first.sign.place) {
            wasForeign = true
            try await Self.waitForSilence(first, of: run, objects, onWait)
        }
        try await objects.remove(BucketLayout.cancel(run))
        try await lease.sign(1)
        if wasForeign {
            // Of two engines that found the same sign dead the one that wrote last has the lease.
            try await Task.sleep(for: .seconds(times.interval * 2))
            if let now = try await self.read(run, objects), now.sign.place != .own {
                throw self.busy(run, now.sign.place)
            }
        }
        return lease
    }

    /// Returns when the sign is old enough, also by this machine's own clock alone; throws when it grows.
    private static func waitForSilence(
        _ first: Reading, of run: RunKey, _ objects: any ObjectStore, _ onWait: @Sendable (ProcessPlace, Double) -> Void
    ) async throws {
        let enough = first.sign.interval * Self.silence
        guard first.age < enough else { return }
        onWait(first.sign.place, enough - first.age)
        let began = Uptime.now()
        while Uptime.now() - began < enough - first.age {
            try await Task.sleep(for: .seconds(min(1, first.sign.interval / 2)))
            guard let now = try await self.read(run, objects) else { return }
            if now.sign != first.sign { throw self.busy(run, now.sign.place) }
        }
    }

    /// True for a process of this machine that has ended: its lock would say so too, with the same folder.
    static func isDead(_ place: ProcessPlace) -> Bool {
        place.boot == ProcessPlace.own.boot && place.namespace == ProcessPlace.own.namespace && !place.isHere
            || place == .own
    }

    private static func busy(_ run: RunKey, _ place: ProcessPlace) -> StoreError {
        StoreError(.busy, "the run \(run) is being moved by another engine (\(place))")
    }

    /// Gives signs until the task is cancelled.
    /// - Parameters:
    ///   - onLoss: Called when another engine has taken the lease; nothing follows.
    ///   - onCancel: Called once when somebody asks for the end of the run, with the author.
    package func keep(
        onLoss: @Sendable (ProcessPlace) -> Void, onCancel: @Sendable (String) -> Void
    ) async {
        var count: UInt64 = 1
        var isAsked = false
        var next = Uptime.now() + self.times.interval
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(min(self.times.cancelInterval, max(0.05, next - Uptime.now()))))
            guard !Task.isCancelled else { return }
            // A request that cannot be read, as when there is none, is looked for again.
            if !isAsked, let author = try? await self.objects.get(BucketLayout.cancel(self.run)) {
                isAsked = true
                onCancel(String(decoding: author.prefix(500), as: UTF8.self))
            }
            guard Uptime.now() >= next else { continue }
            next = Uptime.now() + self.times.interval
            // A bucket that cannot be reached makes the lease stand still.
            if let now = try? await Self.read(self.run, self.objects), now.sign.place != .own {
                return onLoss(now.sign.place)
            }
            count += 1
            // Whoever takes the run over meanwhile keeps this engine from storing any event.
            try? await self.sign(count)
        }
    }

    /// Removes the lease, unless another engine has it. One that cannot be removed is taken for a dead engine's when it is
    /// old enough.
    package func end() async {
        guard let now = try? await Self.read(self.run, self.objects), now.sign.place == .own else { return }
        try? await self.objects.remove([BucketLayout.lease(self.run), BucketLayout.cancel(self.run)])
    }

    private func sign(_ count: UInt64) async throws {
        let sign = LeaseSign(place: .own, count: count, interval: self.times.interval)
        try await self.objects.put(Data(sign.text.utf8), at: BucketLayout.lease(self.run))
    }
}
