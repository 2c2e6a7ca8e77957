/// The retry budget of a task for failures of its place. They never use up the attempts of `@Retry`.
package enum PlaceRetry {
    /// Seconds to wait after the first, second and third failure; the fourth is final.
    package static let delays: [Double] = [10, 30, 90]

    /// Seconds until the next attempt; nil when `failures` have used up the budget.
    package static func delay(after failures: Int) -> Double? {
        self.delays.indices.contains(failures) ? self.delays[failures] : nil
    }
}
