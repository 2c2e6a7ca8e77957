import Synchronization

/// Who hears of a backend's gangs. May be told, and changed, from anywhere.
package final class GangObserver: Sendable {
    /// A function that stands in a mutex by itself is wrapped anew each time it is read; in a structure it is not.
    private struct State {
        var body: @Sendable (GangObservation) -> Void = { _ in }
    }

    private let state = Mutex(State())

    package init() {}

    package func set(_ body: @escaping @Sendable (GangObservation) -> Void) { self.state.withLock { $0.body = body } }

    package func tell(_ observation: GangObservation) { self.state.withLock { $0.body }(observation) }
}
