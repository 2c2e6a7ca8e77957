import FoundationEssentials
import MusterBucket
import MusterMetadata
package import MusterModel
package import MusterStore
import MusterSystem

/// Copies runs with all that belongs to them from one store to another.
///
/// Artifacts, the code package and files go first, the events and the record last, so that a run can be seen once all that
/// it names is there. What is there is not copied again; a copy that was cut off is gone on with.
package struct StoreCopy: Sendable {
    /// What was done for a run.
    package struct Outcome: Sendable, Equatable {
        /// It was in the other store already.
        package var wasThere = false
        package var artifacts = 0
        package var files = 0
        /// Bytes of both.
        package var bytes = 0
        /// A sentence for each thing that stays behind.
        package var notes: [String] = []
    }

    private let from: KeptStore
    private let to: KeptStore
    private let safety: SafetyTime

    /// - Parameter safety: How long what no run names stays in the other store.
    package init(from: KeptStore, to: KeptStore, safety: SafetyTime = .day) {
        self.from = from
        self.to = to
        self.safety = safety
    }

    /// Copies the runs of `choice`, the oldest first, so that the origin of a resumed run is there before it.
    /// - Parameters:
    ///   - copied: Called after each run.
    ///   - refused: Called with each run of a wide choice that cannot be copied; one that was named ends the copy.
    package func copy(
        _ choice: RunChoice, copied: (RunKey, Outcome) -> Void, refused: (RunKey, UpkeepError) -> Void
    ) async throws {
        for run in try await choice.keys(in: self.from).reversed() {
            do {
                copied(run, try await self.copy(run))
            } catch let error as UpkeepError {
                guard choice.isWide else { throw error }
                refused(run, error)
            }
        }
    }

    /// Copies one run.
    package func copy(_ run: RunKey) async throws -> Outcome {
        let record = try await self.from.record(of: run)
        try await self.refuseMoved(run)
        let events = try await self.from.metadata.events(of: run)
        var outcome = Outcome()
        if try await self.isThere(record, events) {
            outcome.wasThere = true
            return outcome
        }
        let contents = RunContents(record, events)
        let references = contents.references + (try await self.from.elements(of: contents.lists.map(\.reference)))
        var began: Double
        repeat {
            // What was used at the beginning must still be young when the record names it.
            began = Uptime.now()
            outcome.add(try await ArtifactCarrier(from: self.from, to: self.to).carry(references))
            try await PackageCarrier(from: self.from, to: self.to).carry(record.package)
            outcome.add(try await RunFileCarrier(from: self.from, to: self.to, run: run).carry())
        } while Uptime.now() - began > self.safety.youth
        try await self.refuseMoved(run)
        guard try await self.from.metadata.eventCount(of: run) == events.count else {
            throw UpkeepError(.busy, "the run \(run) has gone on while it was copied; copy it again")
        }
        let tags = try await self.from.metadata.tags(of: run)
        try await self.to.metadata.add(record, events: events, tags: tags)
        outcome.notes += try await self.missingOrigin(of: record)
        return outcome
    }

    private func refuseMoved(_ run: RunKey) async throws {
        guard let engine = try await self.from.engine(of: run) else { return }
        throw UpkeepError(
            .busy,
            "the run \(run) is being moved by \(engine); copy it when it has ended, or end it with `muster cancel \(run)`"
        )
    }

    /// True when the other store has the same run.
    private func isThere(_ record: RunRecord, _ events: [RecordedEvent]) async throws -> Bool {
        guard let there = try await self.to.metadata.record(of: record.key) else { return false }
        let others = try await self.to.metadata.events(of: record.key)
        guard there == record, others == events else {
            throw UpkeepError(
                .conflict,
                "\(self.to.name) has a run \(record.key) with other events (\(others.count) there, \(events.count) in \(self.from.name)); it was left as it is"
            )
        }
        try await self.to.bucket?.metadata.list(there)
        return true
    }

    /// Logs of tasks that were taken over are those of the run that they come from.
    private func missingOrigin(of record: RunRecord) async throws -> [String] {
        guard let origin = record.originRun else { return [] }
        let key = RunKey(flow: record.flow, run: origin)
        guard try await !self.to.metadata.holds(key) else { return [] }
        return ["tasks that \(record.key) took over from \(key) have no logs in \(self.to.name), where that run is not"]
    }
}

extension StoreCopy.Outcome {
    mutating func add(_ other: Self) {
        self.artifacts += other.artifacts
        self.files += other.files
        self.bytes += other.bytes
        for note in other.notes where !self.notes.contains(note) { self.notes.append(note) }
    }
}
