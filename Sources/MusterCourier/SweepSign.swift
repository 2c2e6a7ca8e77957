import FoundationEssentials
package import MusterObjects
import MusterProcess
import MusterStore
import MusterSystem

/// The sign that a prune is removing objects from a bucket, an object of its own.
///
/// S3 cannot remove an object only if it is still old. So a prune looks at ages and removes within a sign, and whoever has
/// made an old object young waits until no sign is there before looking whether the object still is: a sign that comes
/// later belongs to a prune that sees the object young. `Documentation/Store.md` has the argument.
package struct SweepSign: Sendable {
    /// Seconds after which a sign is that of a dead prune. Its last removal began within ``window`` and, repeated by nobody,
    /// has been carried out or lost.
    private static let life = 300.0
    /// Seconds from the sign on in which a removal may begin.
    private static let window = 60.0
    /// Seconds between two looks.
    private static let pause = 0.3
    /// Seconds after which the last of several prunes that found the same sign dead is known.
    private static let settling = 2.0

    private let objects: any ObjectStore
    private let text: Data
    private let taken = Uptime.now()

    /// False when it is too late to begin a removal.
    package var isFresh: Bool { Uptime.now() - self.taken < Self.window }

    /// Gives the sign, once no other prune does.
    package static func take(_ objects: any ObjectStore) async throws -> SweepSign {
        while true {
            let sign = SweepSign(objects)
            if try await objects.put(sign.text, at: BucketLayout.sweep, mode: .creating) == .stored,
                try await sign.isOwn()
            {
                return sign
            }
            if try await !self.isLiving(objects) {
                try await objects.put(sign.text, at: BucketLayout.sweep)
                try await Task.sleep(for: .seconds(self.settling))
                if try await sign.isOwn() { return sign }
            }
            try await Task.sleep(for: .seconds(self.pause))
        }
    }

    /// Returns when no prune removes anything that was old before the call.
    package static func waitForEnd(_ objects: any ObjectStore) async throws {
        while try await self.isLiving(objects) { try await Task.sleep(for: .seconds(self.pause)) }
    }

    /// Returns when a removal that began within the sign has been carried out or is lost.
    package func outlast() async throws {
        try await Task.sleep(for: .seconds(max(0, self.taken + Self.window - Uptime.now())))
    }

    /// Takes the sign away, unless it is another prune's by now.
    package func end() async throws {
        if try await self.isOwn() { try await self.objects.remove(BucketLayout.sweep) }
    }

    private init(_ objects: any ObjectStore) {
        self.objects = objects
        let sign = LeaseSign(place: .own, count: .random(in: 1 ... .max), interval: Self.life)
        self.text = Data(sign.text.utf8)
    }

    private func isOwn() async throws -> Bool { try await self.objects.find(BucketLayout.sweep) == self.text }

    private static func isLiving(_ objects: any ObjectStore) async throws -> Bool {
        guard let text = try await objects.find(BucketLayout.sweep) else { return false }
        if let place = LeaseSign(text: String(decoding: text, as: UTF8.self))?.place, self.isDead(place) {
            return false
        }
        return try await objects.age(BucketLayout.sweep).map { $0 < self.life } ?? false
    }

    /// True for a process of this machine that has ended.
    private static func isDead(_ place: ProcessPlace) -> Bool {
        place.boot == ProcessPlace.own.boot && place.namespace == ProcessPlace.own.namespace && !place.isHere
    }
}
