import MusterModel
import MusterWire

/// Requests of this node's bodies that wait for the gang, by the number under which the gang knows them.
struct WaitingRequests {
    private var count = 0
    private var waiting: [Int: SocketConnection] = [:]

    /// The number of this request: 1 for the first.
    mutating func add(_ connection: SocketConnection) -> Int {
        self.count += 1
        self.waiting[self.count] = connection
        return self.count
    }

    mutating func take(_ number: Int) -> SocketConnection? { self.waiting.removeValue(forKey: number) }

    var isEmpty: Bool { self.waiting.isEmpty }

    /// The numbers of requests that came over a connection which has gone.
    mutating func forget(_ connection: SocketConnection) -> [Int] {
        let numbers = self.waiting.filter { $0.value == connection }.map(\.key).sorted()
        for number in numbers { self.waiting[number] = nil }
        return numbers
    }
}
