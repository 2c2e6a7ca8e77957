import Synchronization

/// Spaces requests, so that no engine takes more of an API server than its share: a burst, then so many a second.
final class RequestPace: Sendable {
    private static let burst = 20.0
    private static let rate = 5.0

    private struct State {
        var tokens = RequestPace.burst
        var counted: ContinuousClock.Instant
    }

    private let state = Mutex(State(counted: .now))

    /// Waits for this request's turn.
    func turn() async {
        let wait = self.state.withLock { state in
            let now = ContinuousClock.now
            let passed = state.counted.duration(to: now) / .seconds(1)
            state.tokens = min(Self.burst, state.tokens + passed * Self.rate) - 1
            state.counted = now
            return state.tokens < 0 ? -state.tokens / Self.rate : 0
        }
        // Cancelled, the request that follows fails at once.
        if wait > 0 { try? await Task.sleep(for: .seconds(wait)) }
    }
}
