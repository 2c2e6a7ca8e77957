import MusterObjects
import Synchronization
import Testing

@testable import MusterS3

@Suite struct TransferGateTests {
    /// The bytes of the transfers that are under way, and the most that ever were.
    private final class Load: Sendable {
        private let state = Mutex((now: 0, most: 0, order: [Int]()))

        func begin(_ bytes: Int) {
            self.state.withLock {
                $0.now += bytes
                $0.most = max($0.most, $0.now)
                $0.order.append(bytes)
            }
        }
        func end(_ bytes: Int) { self.state.withLock { $0.now -= bytes } }
        var most: Int { self.state.withLock { $0.most } }
        var order: [Int] { self.state.withLock { $0.order } }
    }

    @Test("The transfers under way never hold more than the capacity, and one that is larger goes alone")
    func bounded() async throws {
        let unit = TransferGate.connection
        let gate = TransferGate(capacity: 4 * unit)
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                let bytes = [1, unit, 2 * unit, 9 * unit][number % 4]
                let weight = min(max(bytes, unit), 4 * unit)
                group.addTask {
                    try await gate.pass(bytes) { () async throws(ObjectStoreError) in
                        load.begin(weight)
                        await Task.yield()
                        load.end(weight)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(load.most == 4 * unit)
        #expect(load.order.count == 200)
    }

    @Test("A failed transfer makes room for the next one")
    func failures() async throws {
        let gate = TransferGate(capacity: 1)
        for _ in 0..<3 {
            await #expect(throws: ObjectStoreError.self) {
                try await gate.pass { () async throws(ObjectStoreError) in throw .cancelled }
            }
        }
        #expect(try await gate.pass { () async throws(ObjectStoreError) in 7 } == 7)
    }
}
