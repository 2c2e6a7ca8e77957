package import MusterModel
import Synchronization

/// A metadata store that lives as long as this value: for tests, and to dry-run.
package final class InMemoryMetadata: MetadataStore {
    private struct Contents {
        var records: [RunKey: RunRecord] = [:]
        var events: [RunKey: [RecordedEvent]] = [:]
        var tags: [RunKey: Set<String>] = [:]
        var changes = 0
    }

    private let contents = Mutex(Contents())

    package init() {}

    package func create(_ record: RunRecord) async throws {
        try self.contents.withLock { contents in
            guard contents.records[record.key] == nil else {
                throw MetadataError(code: .duplicate, message: "the run \(record.key) exists already")
            }
            contents.records[record.key] = record
            contents.events[record.key] = []
            contents.tags[record.key] = Set(record.tags ?? [])
            contents.changes += 1
        }
    }

    package func append(_ events: [RunEvent], to run: RunKey, at time: Double, after count: Int?) async throws {
        try self.contents.withLock { contents in
            guard var record = contents.records[run] else {
                throw MetadataError(code: .missing, message: "there is no run \(run)")
            }
            try MetadataError.check(contents.events[run]?.count ?? 0, is: count, run)
            for event in events {
                contents.events[run, default: []].append(RecordedEvent(event: event, time: time))
                if case .ended(let verdict) = event {
                    record.verdict = verdict
                    record.finished = time
                }
            }
            contents.records[run] = record
            contents.changes += 1
        }
    }

    package func events(of run: RunKey, after count: Int) async throws -> [RecordedEvent] {
        self.contents.withLock { Array(($0.events[run] ?? []).dropFirst(count)) }
    }

    package func changeMark() async throws -> ChangeMark { ChangeMark(self.contents.withLock { $0.changes }) }

    package func record(of run: RunKey) async throws -> RunRecord? {
        self.contents.withLock { $0.records[run] }
    }

    package func tags(of run: RunKey) async throws -> [String] {
        self.contents.withLock { $0.tags[run]?.sorted() ?? [] }
    }

    package func changeTags(of run: RunKey, adding: Set<String>, removing: Set<String>) async throws {
        try self.contents.withLock { contents in
            guard let tags = contents.tags[run] else {
                throw MetadataError(code: .missing, message: "there is no run \(run)")
            }
            contents.tags[run] = tags.subtracting(removing).union(adding)
            contents.changes += 1
        }
    }

    package func add(_ record: RunRecord, events: [RecordedEvent], tags: [String]) async throws {
        try await self.create(record)
        for recorded in events {
            try await self.append([recorded.event], to: record.key, at: recorded.time, after: nil)
        }
        self.contents.withLock { $0.tags[record.key] = Set(tags) }
    }

    package func remove(_ runs: [RunKey]) async throws -> [RunKey] {
        self.contents.withLock { contents in
            runs.filter { run in
                let isAwaited = contents.records.values.contains {
                    $0.flow == run.flow && $0.verdict == nil && $0.originRun == run.run
                }
                guard !isAwaited else { return false }
                contents.records[run] = nil
                contents.events[run] = nil
                contents.tags[run] = nil
                contents.changes += 1
                return true
            }
        }
    }

    package func runs(flow: String?, limit: Int?) async throws -> [StoredRun] {
        let all = self.contents.withLock { Array($0.records.values) }
        let sorted = all.filter { flow == nil || $0.flow == flow }.sorted {
            ($0.created, $0.run) > ($1.created, $1.run)
        }
        return sorted.prefix(limit ?? sorted.count).map { .whole($0) }
    }
}
