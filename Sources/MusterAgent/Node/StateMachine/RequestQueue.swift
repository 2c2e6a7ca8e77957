import MusterWire

/// The requests of each connection. One at a time is served, so answers come in order.
struct RequestQueue: Sendable, Equatable {
    /// Requests that wait behind the one that is served.
    private var waiting: [RequestConnection: [RequestLine]] = [:]

    /// Returns true when `request` is to be served now.
    mutating func add(_ request: RequestLine, from connection: RequestConnection) -> Bool {
        if self.waiting[connection] == nil {
            self.waiting[connection] = []
            return true
        }
        self.waiting[connection]?.append(request)
        return false
    }

    /// Removes the request that was answered. Returns the one to serve next.
    mutating func answered(_ connection: RequestConnection) -> RequestLine? {
        guard let queue = self.waiting[connection] else { return nil }
        guard let next = queue.first else {
            self.waiting[connection] = nil
            return nil
        }
        self.waiting[connection] = Array(queue.dropFirst())
        return next
    }

    mutating func forget(_ connection: RequestConnection) { self.waiting[connection] = nil }
}
