import FoundationEssentials
import MusterSystem

/// Time and chance, as tests replace them.
package struct Surroundings: Sendable {
    /// Seconds since 1970, by this machine's clock.
    package var now: @Sendable () -> Double
    /// Seconds of a clock that nobody sets.
    package var uptime: @Sendable () -> Double
    /// Waits for seconds; throws when the task is cancelled.
    package var sleep: @Sendable (Double) async throws -> Void
    /// A number from 0 up to, but not including, 1.
    package var random: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> Double, uptime: @escaping @Sendable () -> Double,
        sleep: @escaping @Sendable (Double) async throws -> Void, random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.uptime = uptime
        self.sleep = sleep
        self.random = random
    }

    /// This machine's.
    package static let real = Surroundings(
        now: { Date().timeIntervalSince1970 }, uptime: Uptime.now,
        sleep: { try await Task.sleep(for: .seconds($0)) }, random: { Double.random(in: 0..<1) })
}
