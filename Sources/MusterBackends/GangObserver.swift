import Synchronization

/// The receiver of a backend's observations. It may be set and called on any thread.
package final class GangObserver: Sendable {
    /// The function is in a struct, because a Mutex of a function type allocates a wrapper at each read.
    private struct State {
        var body: @Sendable (GangObservation) -> Void = { _ in }
    }

    private let state = Mutex(State())

    package init() {}

    package func set(_ body: @escaping @Sendable (GangObservation) -> Void) { self.state.withLock { $0.body = body } }

    package func tell(_ observation: GangObservation) { self.state.withLock { $0.body }(observation) }
}
