/// Whether the other side of a connection lives, by what comes from it and by the ticks of a clock that beats once a second.
struct Pulse {
    /// Seconds without a message after which a peer counts as lost.
    static let limit = 5.0

    private var heard: ContinuousClock.Instant
    private var lastTick: ContinuousClock.Instant

    init(now: ContinuousClock.Instant) {
        self.heard = now
        self.lastTick = now
    }

    /// Something has come, or what has come could not be read until now.
    mutating func hear(now: ContinuousClock.Instant) { self.heard = now }

    /// Returns whether the peer has been silent for too long.
    mutating func tick(now: ContinuousClock.Instant) -> Bool {
        defer { self.lastTick = now }
        // This side itself was stopped for a while: what came meanwhile has not been read yet.
        if self.lastTick.duration(to: now) > .seconds(Self.limit / 2) { self.heard = now }
        return self.heard.duration(to: now) > .seconds(Self.limit)
    }
}
