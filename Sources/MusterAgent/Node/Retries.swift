import MusterProcess

/// The times at which a probe looks again for something that has no event, and its end.
struct Retries: Sendable {
    private let interval: Double
    private let end: ContinuousClock.Instant

    /// - Parameters:
    ///   - seconds: From now; after these there is no other look.
    ///   - interval: Seconds between two looks.
    init(seconds: Double, interval: Double) {
        self.interval = interval
        self.end = .now + .seconds(seconds)
    }

    /// Looks again after a moment, or never more.
    func again(on reactor: ProcessReactor, _ look: @escaping @Sendable () -> Void) {
        if ContinuousClock.now < self.end { reactor.schedule(after: self.interval, look) }
    }
}
