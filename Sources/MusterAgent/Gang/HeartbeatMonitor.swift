import MusterModel
import NIOCore

/// Decides that a peer is lost when nothing has come from it for ``limit``. It is asked at every heartbeat.
struct HeartbeatMonitor {
    /// Seconds without a message after which a peer counts as lost.
    let limit: Double

    private var heard: NIODeadline
    private var lastTick: NIODeadline

    init(now: NIODeadline, limit: Double = NodeSettings().heartbeatTimeout) {
        self.limit = limit
        self.heard = now
        self.lastTick = now
    }

    /// Notes that something has come, or that this side could not read until now.
    mutating func hear(now: NIODeadline) { self.heard = now }

    /// Returns true when the peer has been silent for too long.
    mutating func tick(now: NIODeadline) -> Bool {
        defer { self.lastTick = now }
        // This process itself was stopped: messages that came meanwhile are not read yet.
        if now - self.lastTick > TimeAmount(seconds: self.limit / 2) { self.heard = now }
        return now - self.heard > TimeAmount(seconds: self.limit)
    }
}
