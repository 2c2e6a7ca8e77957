package import MusterModel

/// The changes of a metadata store, by whatever process: an element for each look that finds one, and a first one at once,
/// with which a reader takes the present state.
///
/// A look asks for the store's ``ChangeMark`` and reads no rows.
package struct MetadataChanges<Time: Clock>: AsyncSequence, Sendable where Time.Duration == Duration {
    let store: any MetadataStore
    let interval: Duration
    let clock: Time

    package struct AsyncIterator: AsyncIteratorProtocol {
        let changes: MetadataChanges
        private var last: ChangeMark?

        init(_ changes: MetadataChanges) { self.changes = changes }

        /// - Throws: ``MetadataError``, or `CancellationError` when the task is cancelled.
        package mutating func next() async throws -> Void? {
            while true {
                let mark = try await self.changes.store.changeMark()
                if mark != self.last {
                    self.last = mark
                    return ()
                }
                try await self.changes.clock.sleep(for: self.changes.interval)
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

/// The events of a run as they are appended, in batches; it ends after ``RunEvent/ended(verdict:)``.
package struct NewEvents<Time: Clock>: AsyncSequence, Sendable where Time.Duration == Duration {
    let run: RunKey
    let count: Int
    let changes: MetadataChanges<Time>

    package struct AsyncIterator: AsyncIteratorProtocol {
        private let run: RunKey
        private var count: Int
        private var isOver = false
        private var changes: MetadataChanges<Time>.AsyncIterator

        init(_ events: NewEvents) {
            self.run = events.run
            self.count = events.count
            self.changes = events.changes.makeAsyncIterator()
        }

        /// - Throws: ``MetadataError``, or `CancellationError` when the task is cancelled.
        package mutating func next() async throws -> [RecordedEvent]? {
            while !self.isOver, try await self.changes.next() != nil {
                let events = try await self.changes.changes.store.events(of: self.run, after: self.count)
                guard let last = events.last else { continue }
                self.count += events.count
                if case .ended = last.event { self.isOver = true }
                return events
            }
            return nil
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

extension MetadataStore {
    /// Looks for changes at an interval.
    package func changes<Time: Clock>(
        every interval: Duration = .milliseconds(200), clock: Time = ContinuousClock()
    ) -> MetadataChanges<Time> where Time.Duration == Duration {
        MetadataChanges(store: self, interval: interval, clock: clock)
    }

    /// The events of `run` after its first `count`: those that are there, then the others as they are appended.
    package func newEvents<Time: Clock>(
        of run: RunKey, after count: Int = 0, every interval: Duration = .milliseconds(200),
        clock: Time = ContinuousClock()
    ) -> NewEvents<Time> where Time.Duration == Duration {
        NewEvents(run: run, count: count, changes: self.changes(every: interval, clock: clock))
    }
}
