import Foundation
import MusterMetadata
import MusterModel
import Synchronization
import Testing

@Suite struct MetadataChangesTests {
    private typealias Sample = MetadataStoreTests

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-changes-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test("Events after some are the rest of them, in memory and in SQLite")
    func after() async throws {
        try await self.withFolder { folder in
            let stores: [any MetadataStore] = [InMemoryMetadata(), try SQLiteMetadata(path: "\(folder)/muster.db")]
            for store in stores {
                try await store.create(Sample.record("1"))
                try await store.append(Sample.events, to: Sample.key, at: 10)
                for count in [0, 1, Sample.events.count, Sample.events.count + 5] {
                    let events = try await store.events(of: Sample.key, after: count)
                    #expect(events.map(\.event) == Array(Sample.events.dropFirst(count)))
                }
            }
        }
    }

    @Test("A mark changes with each write by this store or by another one of the same file, and only then")
    func marks() async throws {
        try await self.withFolder { folder in
            let path = "\(folder)/muster.db"
            let writer = try SQLiteMetadata(path: path)
            let watcher = try SQLiteMetadata(path: path)
            let reader = try SQLiteMetadata(reading: path)
            let memory = InMemoryMetadata()
            for (watched, writer): (any MetadataStore, any MetadataStore) in [
                (writer, writer), (watcher, writer), (memory, memory), (reader, writer),
            ] {
                let run = "\(UInt32.random(in: 0 ... .max))"
                let key = RunKey(flow: "F", run: run)
                let writes: [() async throws -> Void] = [
                    { try await writer.create(Sample.record(run)) },
                    { try await writer.append([.started], to: key, at: 1) },
                    { try await writer.append([.ended(verdict: .failed)], to: key, at: 2) },
                    { try await writer.changeTags(of: key, adding: ["a"], removing: []) },
                ]
                for write in writes {
                    // A read-only store trusts the times of files only when they are older than their resolution.
                    if watched as AnyObject === reader { try await Task.sleep(for: .milliseconds(150)) }
                    let before = try await watched.changeMark()
                    _ = try await watched.runs(flow: nil, limit: 1).count
                    #expect(try await watched.changeMark() == before)
                    try await write()
                    #expect(try await watched.changeMark() != before)
                }
            }
        }
    }

    @Test("Changes are found at the interval of the clock, and none where nothing was written")
    func changes() async throws {
        let store = InMemoryMetadata()
        try await store.create(Sample.record("1"))
        let clock = ManualClock()
        let found = Mutex(0)
        let watch = Task {
            for try await _ in store.changes(every: .seconds(1), clock: clock) { found.withLock { $0 += 1 } }
        }
        await clock.waitForSleepers(1)
        #expect(found.withLock { $0 } == 1, "the present state")
        for expected in [1, 1, 2, 3] {
            if expected > found.withLock({ $0 }) {
                try await store.append([.started], to: Sample.key, at: 1)
                try await store.append([.attemptStarted(task: 1, attempt: 0)], to: Sample.key, at: 1)
            }
            clock.advance(by: .seconds(1))
            await clock.waitForSleepers(1)
            #expect(found.withLock { $0 } == expected)
        }
        watch.cancel()
        await #expect(throws: CancellationError.self) { try await watch.value }
    }

    @Test("A run's events come as they are appended, each once, until the run has ended")
    func newEvents() async throws {
        try await self.withFolder { folder in
            let path = "\(folder)/muster.db"
            let store = try SQLiteMetadata(path: path)
            try await store.create(Sample.record("1"))
            try await store.append([.started], to: Sample.key, at: 1)
            let other = try SQLiteMetadata(path: path)
            let clock = ManualClock()
            let task = Task {
                var batches: [[RunEvent]] = []
                for try await batch in other.newEvents(of: Sample.key, every: .seconds(1), clock: clock) {
                    batches.append(batch.map(\.event))
                }
                return batches
            }
            let batches: [[RunEvent]] = [
                [.started], [.attemptStarted(task: 1, attempt: 0)],
                [.attemptInterrupted(task: 1, attempt: 0), .attemptStarted(task: 1, attempt: 1)],
                [.ended(verdict: .failed)],
            ]
            for batch in batches.dropFirst() {
                await clock.waitForSleepers(1)
                try await store.append(batch, to: Sample.key, at: 2)
                clock.advance(by: .seconds(1))
            }
            #expect(try await task.value == batches)
            var rest: [[RecordedEvent]] = []
            for try await batch in other.newEvents(of: Sample.key, after: 4, clock: clock) { rest.append(batch) }
            #expect(rest.map(\.count) == [1])
        }
    }
}

/// A clock that stands still until the test moves it.
private final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: self.offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - self.offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var sleepers: [UUID: (until: Instant, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var now: Instant { self.state.withLock { $0.now } }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = UUID()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let ready = self.state.withLock { state in
                    if Task.isCancelled || deadline <= state.now { return true }
                    state.sleepers[id] = (deadline, continuation)
                    let met = state.waiting.filter { $0.count <= state.sleepers.count }
                    state.waiting.removeAll { $0.count <= state.sleepers.count }
                    for waiter in met { waiter.continuation.resume() }
                    return false
                }
                guard ready else { return }
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    continuation.resume()
                }
            }
        } onCancel: {
            self.state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation
                .resume(throwing: CancellationError())
        }
    }

    func advance(by duration: Duration) {
        let due = self.state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Returns when so many tasks sleep.
    func waitForSleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isMet = self.state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.waiting.append((count, continuation))
                return false
            }
            if isMet { continuation.resume() }
        }
    }
}
