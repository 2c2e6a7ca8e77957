package import MusterModel

/// The keys of a store that is a bucket. `Documentation/Bucket.md` is the contract.
package enum BucketLayout {
    /// How many events stand in one segment, and the batches of how many in one folder.
    package static let segment = 1000

    /// Runs as a listing shows them.
    package static let index = "index/"

    package static let artifacts = "artifacts/"
    package static let packages = "packages/"
    package static let runs = "runs/"
    /// The sign of a prune; see ``SweepSign``.
    package static let sweep = "sweep"

    package static func artifact(_ digest: String) -> String { "\(self.artifacts)\(digest.prefix(1))/\(digest)" }
    package static func package(_ digest: String) -> String { "\(self.packages)\(digest)" }
    /// An agent for nodes that see nothing but the bucket, by the SHA-256 of its bytes.
    package static func agent(_ digest: String) -> String { "agents/\(digest)" }

    /// What a node tells `muster doctor --probe`.
    package static func look(_ number: String) -> String { "doctor/\(number)" }

    package static func run(_ run: RunKey) -> String { "\(self.runs)\(run.flow)/\(run.run)/" }
    package static func record(_ run: RunKey) -> String { self.run(run) + "record.json" }
    /// The sign of life of the engine that moves the run.
    package static func lease(_ run: RunKey) -> String { self.run(run) + "lease" }
    /// A request to end the run.
    package static func cancel(_ run: RunKey) -> String { self.run(run) + "cancel" }

    package static func events(_ run: RunKey) -> String { self.run(run) + "events/" }
    package static func segments(_ run: RunKey) -> String { self.run(run) + "segments/" }
    /// The batches of the events `number × segment + 1` and the following.
    package static func events(_ run: RunKey, segment number: Int) -> String {
        self.run(run) + "events/\(self.padded(number, 6))/"
    }
    /// The batch that begins with event `first`, counted from 1.
    package static func batch(_ run: RunKey, first: Int) -> String {
        self.events(run, segment: (first - 1) / self.segment) + self.padded(first, 9)
    }
    /// The same events in one object, once all of them are there.
    package static func segment(_ run: RunKey, _ number: Int) -> String {
        self.run(run) + "segments/\(self.padded(number, 6))"
    }

    package static func tags(_ run: RunKey) -> String { self.run(run) + "tags/" }
    /// The change of the run's tags with this number, counted from 1.
    package static func tagChange(_ run: RunKey, _ number: Int) -> String { self.tags(run) + self.padded(number, 6) }

    /// The files of the run's folder, by their paths in it.
    package static func files(_ run: RunKey) -> String { self.run(run) + "files/" }

    /// Objects by which engine and nodes that see nothing but the bucket tell each other of living attempts.
    package static func attempts(_ run: RunKey) -> String { self.run(run) + "attempts/" }
    /// The objects of an attempt, without their names.
    package static func attempt(_ attempt: AttemptID) -> String {
        "\(self.attempts(attempt.runKey))\(attempt.step)/\(attempt.task).\(attempt.attempt)."
    }

    /// The piece of a growing file that begins at `offset`.
    package static func piece(of key: String, offset: Int) -> String { "\(key)/\(self.padded(offset, 12))" }

    /// The number at the end of a key.
    package static func number(of key: String) -> Int? { key.split(separator: "/").last.flatMap { Int($0) } }

    package static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
