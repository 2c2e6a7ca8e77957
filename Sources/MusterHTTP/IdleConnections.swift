import NIOCore

/// Open connections that nobody uses.
struct IdleConnections {
    private var connections: [HTTPOrigin: [(connection: HTTPConnection, since: NIODeadline)]] = [:]

    mutating func put(_ connection: HTTPConnection, to origin: HTTPOrigin, at now: NIODeadline) {
        self.connections[origin, default: []].append((connection, now))
    }

    /// The connection that was used last, if it is open and idle for no longer than `limit`.
    /// - Returns: With it, connections that have to be closed.
    mutating func take(
        to origin: HTTPOrigin, at now: NIODeadline, limit: TimeAmount
    ) -> (found: HTTPConnection?, old: [HTTPConnection]) {
        var idle = self.connections[origin] ?? []
        let old = idle.filter { now - $0.since > limit || !$0.connection.isReusable }.map(\.connection)
        idle.removeAll { now - $0.since > limit || !$0.connection.isReusable }
        let found = idle.popLast()?.connection
        self.connections[origin] = idle.isEmpty ? nil : idle
        return (found, old)
    }

    mutating func takeAll() -> [HTTPConnection] {
        defer { self.connections = [:] }
        return self.connections.values.flatMap { $0 }.map(\.connection)
    }
}
