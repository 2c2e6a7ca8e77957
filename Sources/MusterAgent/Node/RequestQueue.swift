import MusterWire

/// The requests of each connection, of which one at a time is served: so answers come in order.
struct RequestQueue {
    /// Requests that wait behind the one that is served.
    private var waiting: [SocketConnection: [RequestLine]] = [:]

    /// Returns whether `request` is to be served now.
    mutating func add(_ request: RequestLine, from connection: SocketConnection) -> Bool {
        if self.waiting[connection] == nil {
            self.waiting[connection] = []
            return true
        }
        self.waiting[connection]?.append(request)
        return false
    }

    /// The request that was served has been answered: the one to serve next.
    mutating func answered(_ connection: SocketConnection) -> RequestLine? {
        guard let queue = self.waiting[connection] else { return nil }
        guard let next = queue.first else {
            self.waiting[connection] = nil
            return nil
        }
        self.waiting[connection] = Array(queue.dropFirst())
        return next
    }

    mutating func forget(_ connection: SocketConnection) { self.waiting[connection] = nil }
}
