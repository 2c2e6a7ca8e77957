/// How long and how often a request is repeated that met something that may pass.
package struct RetryPolicy: Sendable, Hashable {
    /// Requests in all.
    package var attempts: Int
    /// Seconds after which no other is begun.
    package var patience: Double
    /// Seconds after which a server that has never answered is taken for unreachable.
    package var firstPatience: Double
    /// Seconds of the first and of the longest pause.
    package var base: Double
    package var cap: Double

    package init(
        attempts: Int = 10, patience: Double = 180, firstPatience: Double = 3, base: Double = 0.05, cap: Double = 20
    ) {
        self.attempts = attempts
        self.patience = patience
        self.firstPatience = firstPatience
        self.base = base
        self.cap = cap
    }

    /// Seconds before request `number` (1 is the first repetition): any time up to a bound that doubles, so that many
    /// clients that failed together do not come back together.
    package func pause(before number: Int, random: Double) -> Double {
        var bound = self.base
        for _ in 1..<max(1, number) where bound < self.cap { bound *= 2 }
        return min(self.cap, bound) * random
    }
}

/// The repetitions that all requests of a store share: a server that fails all the time is not asked tenfold.
package struct RetryBudget: Sendable, Hashable {
    private static let capacity = 500
    private static let price = 5

    private var tokens = capacity

    package init() {}

    /// Takes the price of one repetition; false when it is not there.
    package mutating func take() -> Bool {
        guard self.tokens >= Self.price else { return false }
        self.tokens -= Self.price
        return true
    }

    /// Every answer gives something back, one after a repetition its price.
    package mutating func succeed(afterRepetition: Bool) {
        self.tokens = min(Self.capacity, self.tokens + (afterRepetition ? Self.price : 1))
    }
}
