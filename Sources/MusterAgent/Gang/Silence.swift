/// Finds out who has fallen silent, by the ticks of a clock that beats once a second.
struct Silence {
    /// Seconds without a message after which a peer counts as lost.
    static let limit = 5.0

    private var heard: [Int: ContinuousClock.Instant] = [:]
    private var lastTick: ContinuousClock.Instant

    init(now: ContinuousClock.Instant) { self.lastTick = now }

    mutating func heard(_ node: Int, now: ContinuousClock.Instant) { self.heard[node] = now }
    mutating func forget(_ node: Int) { self.heard[node] = nil }

    /// The nodes that have been silent for too long.
    mutating func tick(now: ContinuousClock.Instant) -> [Int] {
        defer { self.lastTick = now }
        // This agent itself was stopped for a while: what came meanwhile has not been read yet.
        if self.lastTick.duration(to: now) > .seconds(Self.limit / 2) {
            for node in self.heard.keys { self.heard[node] = now }
        }
        return self.heard.filter { $0.value.duration(to: now) > .seconds(Self.limit) }.map(\.key).sorted()
    }
}
