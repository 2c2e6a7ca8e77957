/// Stories that take all of a machine's processors for a while: each of several suites that run at the same time waits for
/// its turn. Frameworks give up when they are starved: Ray's nodes have 30 s to find each other.
package enum HeavyStories {
    private static let turns = Turns()

    /// Runs `body` while no other one runs, in the order of the calls.
    package static func alone<Value>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async rethrows -> Value {
        await self.turns.begin()
        do {
            let value = try await body()
            await self.turns.end()
            return value
        } catch {
            await self.turns.end()
            throw error
        }
    }

    private actor Turns {
        private var isBusy = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func begin() async {
            guard self.isBusy else {
                self.isBusy = true
                return
            }
            await withCheckedContinuation { self.waiting.append($0) }
        }

        func end() {
            if self.waiting.isEmpty { self.isBusy = false } else { self.waiting.removeFirst().resume() }
        }
    }
}
