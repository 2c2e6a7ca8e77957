import MusterHistory
import MusterMetadata
import MusterModel

/// The states of the runs that are looked at, each read once and then continued, however many look at it.
actor RunStates {
    /// States that are kept: those of the runs that were asked for last.
    private static let most = 4

    private let store: any DashboardStore
    /// The latest reading of each run, which the next one continues.
    private var readings: [RunKey: Task<RunState, any Error>] = [:]
    /// The runs of ``readings``, the one that was asked for last at the end.
    private var order: [RunKey] = []

    init(_ store: any DashboardStore) { self.store = store }

    /// The run's state at this moment.
    /// - Throws: `HistoryError` when there is no such run or its events cannot be read.
    func state(of run: RunKey) async throws -> RunState {
        let before = self.readings[run]
        let store = self.store
        let reading = Task {
            try await store.lookAtEngine(of: run)
            if var state = try? await before?.value {
                try await state.update(in: store.layout, store.metadata)
                return state
            }
            let finder = RunFinder(layout: store.layout, metadata: store.metadata)
            let record = try await finder.record(of: Pathspec(flow: run.flow, run: run.run))
            return try await RunState(record, in: store.layout, store.metadata)
        }
        self.note(reading, of: run)
        return try await reading.value
    }

    private func note(_ reading: Task<RunState, any Error>, of run: RunKey) {
        self.readings[run] = reading
        self.order.removeAll { $0 == run }
        self.order.append(run)
        if self.order.count > Self.most { self.readings[self.order.removeFirst()] = nil }
    }
}
