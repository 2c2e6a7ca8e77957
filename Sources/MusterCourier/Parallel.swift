/// Work on many things at the same time.
package enum Parallel {
    /// Requests of one kind at the same time.
    package static let width = 32

    /// Calls `body` with each of `items`, at most `width` of them at once. After the first error no other begins.
    package static func each<Item: Sendable>(
        _ items: [Item], width: Int = width, _ body: @escaping @Sendable (Item) async throws -> Void
    ) async throws {
        _ = try await self.map(items, width: width) { item in
            try await body(item)
            return true
        }
    }

    /// Calls `body` with each of `items`, at most `width` of them at once. After the first error no other begins.
    /// - Returns: What it returned, in the order of the items.
    package static func map<Item: Sendable, Value: Sendable>(
        _ items: [Item], width: Int = width, _ body: @escaping @Sendable (Item) async throws -> Value
    ) async throws -> [Value] {
        guard items.count > 1 else { return try await items.isEmpty ? [] : [body(items[0])] }
        return try await withThrowingTaskGroup(of: (Int, Value).self) { group in
            var values = [Value?](repeating: nil, count: items.count)
            var next = 0
            func begin() {
                guard next < items.count else { return }
                let (index, item) = (next, items[next])
                next += 1
                group.addTask { (index, try await body(item)) }
            }
            for _ in 0..<min(width, items.count) { begin() }
            while let (index, value) = try await group.next() {
                values[index] = value
                begin()
            }
            return values.compactMap { $0 }
        }
    }
}
