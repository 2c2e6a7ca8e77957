/// Timers in the order of their times. A value: the caller passes the time.
struct TimerQueue {
    struct Entry {
        /// Nanoseconds of the monotonic clock.
        let due: UInt64
        let id: UInt64
        let body: @Sendable () -> Void
    }

    /// Latest first, so that taking the soonest moves nothing.
    private var entries: [Entry] = []

    var nextDue: UInt64? { self.entries.last?.due }

    /// Entries that are due at the same time run in the order in which they were added.
    mutating func insert(_ entry: Entry) {
        var low = 0
        var high = self.entries.count
        while low < high {
            let middle = (low + high) / 2
            if self.entries[middle].due > entry.due { low = middle + 1 } else { high = middle }
        }
        self.entries.insert(entry, at: low)
    }

    mutating func remove(id: UInt64) {
        self.entries.removeAll { $0.id == id }
    }

    /// Takes the soonest entry if it is due at `now`.
    mutating func next(at now: UInt64) -> Entry? {
        guard let last = self.entries.last, last.due <= now else { return nil }
        return self.entries.removeLast()
    }
}
