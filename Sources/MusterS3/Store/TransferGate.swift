import MusterObjects
import Synchronization

/// Holds back requests with bodies, so that all transfers of a store together use bounded memory and connections.
///
/// Requests enter in the order in which they ask. Each takes a weight, its bytes in memory, but never more than there is
/// in all: the largest one goes alone.
final class TransferGate: Sendable {
    private struct State {
        var free: Int
        var waiting: [(weight: Int, continuation: CheckedContinuation<Void, Never>)] = []
        /// Those before this index have entered.
        var next = 0
    }

    /// The weight of a request whose bytes are not held in memory: the connection.
    static let connection = 4 << 20

    private let capacity: Int
    private let state: Mutex<State>

    /// - Parameter capacity: Bytes: 128 MiB are 32 small requests, or 8 parts of 16 MiB.
    init(capacity: Int = 128 << 20) {
        self.capacity = capacity
        self.state = Mutex(State(free: capacity))
    }

    /// Calls `body` once there is room for `bytes`.
    func pass<Value: Sendable>(
        _ bytes: Int = connection, _ body: () async throws(ObjectStoreError) -> Value
    ) async throws(ObjectStoreError) -> Value {
        let weight = min(max(bytes, Self.connection), self.capacity)
        await self.enter(weight)
        defer { self.leave(weight) }
        return try await body()
    }

    private func enter(_ weight: Int) async {
        await withCheckedContinuation { continuation in
            let mayPass = self.state.withLock { state in
                guard state.next == state.waiting.count, state.free >= weight else {
                    state.waiting.append((weight, continuation))
                    return false
                }
                state.free -= weight
                return true
            }
            if mayPass { continuation.resume() }
        }
    }

    private func leave(_ weight: Int) {
        let entering = self.state.withLock { state in
            state.free += weight
            var entering: [CheckedContinuation<Void, Never>] = []
            while state.next < state.waiting.count, state.waiting[state.next].weight <= state.free {
                state.free -= state.waiting[state.next].weight
                entering.append(state.waiting[state.next].continuation)
                state.next += 1
            }
            if state.next == state.waiting.count {
                state.waiting.removeAll(keepingCapacity: true)
                state.next = 0
            }
            return entering
        }
        for continuation in entering { continuation.resume() }
    }
}
