package import MusterModel

/// The store of runs and their events.
///
/// One engine at a time, the one that holds the run's lock, appends the events of a run. Any process may read them at
/// any time.
package protocol MetadataStore: Sendable {
    /// Adds a run that has no events yet.
    /// - Throws: ``MetadataError`` with code ``MetadataError/Code/duplicate`` when the run exists.
    func create(_ record: RunRecord) async throws
    /// Appends `events` at `time` (Unix seconds), all of them or none. They are on disk, as far as the death of this
    /// process is concerned, when it returns. ``RunEvent/ended(verdict:)`` also closes the run's record.
    /// - Parameter count: How many events the run has to have; nil for any number.
    /// - Throws: ``MetadataError`` with code ``MetadataError/Code/conflict`` when it has another number: another engine has
    ///   appended to it.
    func append(_ events: [RunEvent], to run: RunKey, at time: Double, after count: Int?) async throws
    /// The run's events in the order in which they were appended, without the first `count`.
    func events(of run: RunKey, after count: Int) async throws -> [RecordedEvent]
    /// A value that is different after every change of the store, by whatever process.
    func changeMark() async throws -> ChangeMark
    /// The record of one run; nil when there is none.
    func record(of run: RunKey) async throws -> RunRecord?
    /// Runs, newest first; of one flow when `flow` is given, at most `limit`. One whose record is damaged has its place.
    func runs(flow: String?, limit: Int?) async throws -> [StoredRun]
    /// The same runs as a listing shows them, which may cost far less than their records.
    func listed(flow: String?, limit: Int?) async throws -> [ListedRun]
    /// The number of the run's events.
    func eventCount(of run: RunKey) async throws -> Int
    /// The run's tags, sorted: those that it began with, and what was changed since.
    func tags(of run: RunKey) async throws -> [String]
    /// Adds and removes tags in one step; a tag in both is there afterwards.
    /// - Throws: ``MetadataError`` with code ``MetadataError/Code/missing`` when there is no such run.
    func changeTags(of run: RunKey, adding: Set<String>, removing: Set<String>) async throws
    /// Adds a run with its events and the tags that it has now; nobody sees a part of it.
    ///
    /// What its events name is there already. Where a call was cut off, the next one goes on.
    /// - Throws: ``MetadataError`` with code ``MetadataError/Code/duplicate`` when the run exists.
    func add(_ record: RunRecord, events: [RecordedEvent], tags: [String]) async throws
    /// True when the run is there at this moment.
    func holds(_ run: RunKey) async throws -> Bool
    /// Removes the records of runs with their events and tags; those that are not there are fine.
    /// - Parameter runs: Newest first.
    /// - Returns: Those that are gone. One stays when a run that has not ended, and is not removed before, names it as its
    ///   origin: its tasks may be on their way into that one.
    func remove(_ runs: [RunKey]) async throws -> [RunKey]
}

extension MetadataStore {
    /// Appends `events` to whatever is there.
    package func append(_ events: [RunEvent], to run: RunKey, at time: Double) async throws {
        try await self.append(events, to: run, at: time, after: nil)
    }

    package func listed(flow: String?, limit: Int?) async throws -> [ListedRun] {
        try await self.runs(flow: flow, limit: limit).map { ListedRun($0) }
    }

    package func eventCount(of run: RunKey) async throws -> Int { try await self.events(of: run, after: 0).count }

    package func holds(_ run: RunKey) async throws -> Bool { try await self.record(of: run) != nil }

    /// All events of the run.
    package func events(of run: RunKey) async throws -> [RecordedEvent] { try await self.events(of: run, after: 0) }

    /// The records of ``runs(flow:limit:)``.
    /// - Throws: ``MetadataError`` naming the first run whose record is damaged.
    package func records(flow: String?, limit: Int?) async throws -> [RunRecord] {
        try await self.runs(flow: flow, limit: limit).map { try $0.record() }
    }
}

/// A run as the store has it.
package enum StoredRun: Sendable {
    case whole(RunRecord)
    case damaged(RunKey, created: Double, MetadataError)

    package var key: RunKey {
        switch self {
        case .whole(let record): record.key
        case .damaged(let key, _, _): key
        }
    }

    package func record() throws(MetadataError) -> RunRecord {
        switch self {
        case .whole(let record): return record
        case .damaged(_, _, let error): throw error
        }
    }
}

/// The metadata store could not be opened, read or written.
package struct MetadataError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case open = "metadata.open"
        case corrupt = "metadata.corrupt"
        case write = "metadata.write"
        case duplicate = "metadata.duplicate"
        case missing = "metadata.missing"
        /// The run has other events than those that are continued.
        case conflict = "metadata.conflict"
        case version = "metadata.version"
        /// The database went away while it was in use.
        case lost = "metadata.lost"
    }

    package let code: Code
    /// A sentence for a person.
    package let message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}

extension MetadataError {
    /// Refuses to continue events that another engine has continued.
    static func check(_ found: Int, is expected: Int?, _ run: RunKey) throws(MetadataError) {
        guard let expected, found != expected else { return }
        throw MetadataError(
            code: .conflict,
            message: "another engine moves the run \(run): it has \(found) events, and this engine knows \(expected)")
    }
}
