/// Work that is done again and again, never twice at the same time.
package actor Rounds {
    private var last: Task<Void, any Error>?

    package init() {}

    /// Does `work` after what was asked for before it has ended.
    package func next(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let before = self.last
        let round = Task {
            // Its error went to whoever asked for it.
            _ = await before?.result
            try await work()
        }
        self.last = round
        try await withTaskCancellationHandler {
            try await round.value
        } onCancel: {
            round.cancel()
        }
    }
}
