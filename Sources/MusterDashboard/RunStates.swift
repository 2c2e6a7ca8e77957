import MusterHistory
import MusterMetadata
import MusterModel
import MusterSystem

/// The runs that are looked at, each read once and then continued, however many look at it.
///
/// 100 open pages look at a run 500 times a second. Nearly all of them find that the store has not changed, and share the
/// view that was made last (Benchmarks: ui-memory).
actor RunStates {
    /// Runs that are kept: those that were asked for last.
    private static let most = 4
    /// Seconds after which a run is read anew all the same: an engine that is killed changes nothing in the store.
    private static let age = 1.0

    /// A run at a time.
    struct Moment: Sendable {
        let state: RunState
        let view: RunView
    }

    private struct Reading {
        let mark: ChangeMark
        /// Uptime in seconds.
        let began: Double
        let task: Task<Moment, any Error>
    }

    private let store: any DashboardStore
    /// The latest reading of each run, which the next one continues.
    private var readings: [RunKey: Reading] = [:]
    /// The runs of ``readings``, the one that was asked for last at the end.
    private var order: [RunKey] = []

    init(_ store: any DashboardStore) { self.store = store }

    /// The run at this moment.
    /// - Throws: `HistoryError` when there is no such run or its events cannot be read.
    func moment(of run: RunKey) async throws -> Moment {
        let mark = try await self.store.metadata.changeMark()
        let now = Uptime.now()
        if let reading = self.readings[run], reading.mark == mark, now - reading.began < Self.age {
            return try await reading.task.value
        }
        let (store, before) = (self.store, self.readings[run]?.task)
        let task = Task { try await Self.read(run, in: store, after: before) }
        self.note(Reading(mark: mark, began: now, task: task), of: run)
        return try await task.value
    }

    private func note(_ reading: Reading, of run: RunKey) {
        self.readings[run] = reading
        self.order.removeAll { $0 == run }
        self.order.append(run)
        if self.order.count > Self.most { self.readings[self.order.removeFirst()] = nil }
    }

    private static func read(
        _ run: RunKey, in store: any DashboardStore, after before: Task<Moment, any Error>?
    ) async throws -> Moment {
        try await store.lookAtEngine(of: run)
        // A reading that has failed is begun anew, and throws if it fails again.
        guard let before = try? await before?.value else {
            let finder = RunFinder(layout: store.layout, metadata: store.metadata)
            let record = try await finder.record(of: Pathspec(flow: run.flow, run: run.run))
            let state = try await RunState(record, in: store.layout, store.metadata)
            let tags = try await store.metadata.tags(of: run)
            return Moment(state: state, view: RunView(state, tags: tags, now: Dashboard.now()))
        }
        var state = before.state
        let events = try await state.update(in: store.layout, store.metadata)
        let tags = try await store.metadata.tags(of: run)
        let isSame = events.isEmpty && state.status == before.state.status && tags == before.view.tags
        return Moment(state: state, view: isSame ? before.view : RunView(state, tags: tags, now: Dashboard.now()))
    }
}
