import Dispatch
import FoundationEssentials
import Glibc
import MusterProcess
import MusterSystem
import Synchronization

/// The sign of life of a run's engine: a file whose number grows, for machines that do not see the engine's lock.
///
/// `Documentation/Store.md` is the contract. Clocks of two machines are never compared: a reader measures by its own for
/// how long the number has stood still.
final class RunLease: Sendable {
    /// A sign that has stood still for this many intervals is that of a dead engine.
    static let silence = 10.0
    /// The same for a view, which may be wrong.
    static let glance = 2.5

    private let path: String
    private let interval: Double
    private let onLoss: @Sendable (ProcessPlace) -> Void
    private let queue = DispatchQueue(label: "muster.lease", qos: .userInitiated)
    private let count = Mutex<UInt64>(0)

    /// Takes the lease at `path`. The caller holds the run's lock, as far as this machine sees.
    /// - Parameters:
    ///   - interval: Seconds between two signs.
    ///   - onWait: Called before a sign of another machine is waited for, with its engine and the seconds.
    ///   - onLoss: Called once when another engine has taken it, which this one did not hinder: it was stopped, or cut
    ///     off from the store.
    /// - Throws: ``StoreError`` when an engine elsewhere has it.
    init(
        path: String, interval: Double, onWait: (ProcessPlace, Double) -> Void,
        onLoss: @escaping @Sendable (ProcessPlace) -> Void
    ) throws(StoreError) {
        self.path = path
        self.interval = interval
        self.onLoss = onLoss
        let before = LeaseSign.read(path)
        if let before, before.isElsewhere {
            onWait(before.place, before.interval * Self.silence)
            if let place = SignWatch.living(path, patience: Self.silence) { throw Self.busy(place) }
        }
        self.sign()
        if let before, before.isElsewhere {
            // Two engines may have found the same sign dead: the one that wrote last has the lease.
            usleep(UInt32(interval * 2e6))
            if let now = LeaseSign.read(path), now.place != ProcessPlace.own { throw Self.busy(now.place) }
        }
        self.beatLater()
    }

    deinit {
        if LeaseSign.read(self.path)?.place == ProcessPlace.own { unlink(self.path) }
    }

    private static func busy(_ place: ProcessPlace) -> StoreError {
        StoreError(.busy, "the run is being moved by another engine (\(place))")
    }

    private func beatLater() {
        self.queue.asyncAfter(deadline: .now() + self.interval) { [weak self] in self?.beat() }
    }

    private func beat() {
        // A file that is missing or damaged is written again.
        if let sign = LeaseSign.read(self.path), sign.place != ProcessPlace.own {
            return self.onLoss(sign.place)
        }
        self.sign()
        self.beatLater()
    }

    /// A full disk makes the lease stand still. The lock holds all the same where it is seen.
    private func sign() {
        let count = self.count.withLock { count in
            count += 1
            return count
        }
        let sign = LeaseSign(place: .own, count: count, interval: self.interval)
        // The file is closed each time: NFS sends what was written to the server then.
        try? FileContents.overwrite(self.path, with: Data(sign.text.utf8))
    }
}

/// The signs of engines elsewhere that this process has seen, and since when each has stood still.
enum SignWatch {
    private struct Seen {
        var sign: LeaseSign
        var since: Double
        /// It has grown before the eyes of this process.
        var hasGrown = false
    }

    private static let seen = Mutex<[String: Seen]>([:])
    /// The last signs in a bucket, each with the time by which it was given.
    private static let heard = Mutex<[String: (sign: LeaseSign, given: Double)]>([:])

    /// Notes the last sign of life that a bucket has.
    /// - Parameter age: Seconds since it was given, by the bucket's own clock.
    static func tell(_ sign: LeaseSign?, age: Double, _ path: String) {
        self.heard.withLock { $0[path] = sign.map { ($0, Uptime.now() - age) } }
    }

    /// The engine whose last sign in a bucket is not too old; nil when there is none.
    static func told(_ path: String, patience: Double) -> ProcessPlace? {
        guard let (sign, given) = self.heard.withLock({ $0[path] }) else { return nil }
        return Uptime.now() - given < sign.interval * patience ? sign.place : nil
    }

    /// The engine elsewhere whose sign at `path` grows; nil when there is none. Blocks the calling thread for as long as it
    /// takes to tell.
    /// - Parameter patience: Intervals of the sign for which it has to stand still.
    static func living(_ path: String, patience: Double) -> ProcessPlace? {
        while let sign = LeaseSign.read(path), sign.isElsewhere {
            let now = Uptime.now()
            let (seen, age) = self.seen.withLock { all in
                var seen = all[path] ?? Seen(sign: sign, since: now)
                if seen.sign != sign {
                    seen = Seen(sign: sign, since: now, hasGrown: seen.sign.place == sign.place)
                }
                all[path] = seen
                return (seen, now - seen.since)
            }
            let isStill = age >= sign.interval * patience
            if isStill { return nil }
            if seen.hasGrown { return sign.place }
            usleep(UInt32(min(0.2, sign.interval / 2) * 1e6))
        }
        return nil
    }
}
