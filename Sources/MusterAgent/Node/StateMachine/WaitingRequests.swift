import MusterModel
import MusterWire

/// Requests of this node's body that wait for the gang, by the gang's number for each.
struct WaitingRequests: Sendable, Equatable {
    private var count = 0
    private var waiting: [Int: RequestConnection] = [:]

    /// The number of this request: 1 for the first.
    mutating func add(_ connection: RequestConnection) -> Int {
        self.count += 1
        self.waiting[self.count] = connection
        return self.count
    }

    mutating func take(_ number: Int) -> RequestConnection? { self.waiting.removeValue(forKey: number) }

    var isEmpty: Bool { self.waiting.isEmpty }

    /// Removes the requests of a connection that has ended. Returns their numbers.
    mutating func forget(_ connection: RequestConnection) -> [Int] {
        let numbers = self.waiting.filter { $0.value == connection }.map(\.key).sorted()
        for number in numbers { self.waiting[number] = nil }
        return numbers
    }
}
