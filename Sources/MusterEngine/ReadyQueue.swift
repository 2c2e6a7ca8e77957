/// Tasks that can be started, in the order in which they became ready.
struct ReadyQueue: Sendable {
    struct Entry: Sendable, Equatable {
        let task: Int
        let attempt: Int
    }

    private let window: Int
    private let mostOvertakings: Int
    private var entries: [Entry] = []
    private var head = 0
    private var overtakings = 0

    /// - Parameters:
    ///   - window: See ``EngineSettings/queueWindow``.
    ///   - mostOvertakings: See ``EngineSettings/queueOvertakings``.
    init(window: Int, mostOvertakings: Int) {
        self.window = window
        self.mostOvertakings = mostOvertakings
    }

    mutating func append(_ entry: Entry) {
        self.entries.append(entry)
    }

    /// Takes out the first entry, within the window, for which `start` answers true; nil when there is none.
    mutating func takeFirst(where start: (Entry) throws -> Bool) rethrows -> Entry? {
        let reach = self.overtakings < self.mostOvertakings ? self.window : 1
        for index in self.head..<min(self.entries.count, self.head + reach) {
            let entry = self.entries[index]
            guard try start(entry) else { continue }
            self.overtakings = index == self.head ? 0 : self.overtakings + 1
            self.remove(at: index)
            return entry
        }
        return nil
    }

    private mutating func remove(at index: Int) {
        if index == self.head {
            self.head += 1
        } else {
            self.entries.remove(at: index)
        }
        // The taken front is removed in large pieces, so that taking an element is O(1).
        if self.head > 4096, self.head * 2 > self.entries.count {
            self.entries.removeFirst(self.head)
            self.head = 0
        }
    }
}
