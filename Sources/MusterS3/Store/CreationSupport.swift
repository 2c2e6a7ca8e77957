import Synchronization

/// Facts about a bucket that are found out once.
final class CreationSupport: Sendable {
    enum Condition: Sendable, Hashable {
        case unknown
        /// The server refuses to replace an object when it is told not to.
        case honoured
        /// It replaces the object all the same.
        case ignored
    }

    private let state = Mutex((condition: Condition.unknown, hasBucket: false))

    var condition: Condition { self.state.withLock { $0.condition } }
    var hasBucket: Bool { self.state.withLock { $0.hasBucket } }

    func note(_ condition: Condition) { self.state.withLock { $0.condition = condition } }
    func noteBucket() { self.state.withLock { $0.hasBucket = true } }
}
