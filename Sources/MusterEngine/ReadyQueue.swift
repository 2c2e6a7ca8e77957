/// Tasks that can be started, in the order in which they became ready.
struct ReadyQueue: Sendable {
    struct Entry: Sendable, Equatable {
        let task: Int
        let attempt: Int
    }

    /// The number of tasks that are tried when the first one has to wait.
    static let window = 32
    /// The number of tasks that may overtake the first one. Then all wait for it, so that a large gang gets its turn.
    static let patience = 32

    private var entries: [Entry] = []
    private var head = 0
    private var overtakings = 0

    mutating func append(_ entry: Entry) {
        self.entries.append(entry)
    }

    /// Takes out the first entry, within the window, for which `start` answers true; nil when there is none.
    mutating func takeFirst(where start: (Entry) throws -> Bool) rethrows -> Entry? {
        let reach = self.overtakings < Self.patience ? Self.window : 1
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
