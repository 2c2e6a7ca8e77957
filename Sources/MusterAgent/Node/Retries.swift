import MusterProcess

/// The times at which a probe looks again for something that has no event, and its end.
struct Retries: Sendable {
    /// Seconds between two looks.
    private static let pause = 0.02

    private let end: ContinuousClock.Instant

    /// - Parameter seconds: From now; after these there is no other look.
    init(seconds: Double) { self.end = .now + .seconds(seconds) }

    /// Looks again after a moment, or never more.
    func again(on reactor: ProcessReactor, _ look: @escaping @Sendable () -> Void) {
        if ContinuousClock.now < self.end { reactor.schedule(after: Self.pause, look) }
    }
}
