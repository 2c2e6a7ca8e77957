/// The times at which a probe looks again for something that has no event, and its end.
struct Retries: Sendable {
    private let interval: Double
    private let end: Double
    private let clock: any AgentClock

    /// - Parameters:
    ///   - seconds: From now; after these there is no other look.
    ///   - interval: Seconds between two looks.
    init(seconds: Double, interval: Double, clock: any AgentClock) {
        self.interval = interval
        self.end = clock.uptime + seconds
        self.clock = clock
    }

    /// Looks again after a moment, or never more.
    func again(_ look: @escaping @Sendable () -> Void) {
        if self.clock.uptime < self.end { self.clock.schedule(after: self.interval, look) }
    }
}
