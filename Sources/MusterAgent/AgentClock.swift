import FoundationEssentials
package import MusterProcess
import MusterSystem

/// The agent's time. Everything that waits or measures on a node takes it from here, so that tests can decide on it.
package protocol AgentClock: Sendable {
    /// Unix time in seconds.
    var now: Double { get }

    /// Seconds since an arbitrary moment, for durations: they never go back.
    var uptime: Double { get }

    /// Calls `body` once after `seconds`, from any thread, unless it was cancelled before.
    @discardableResult
    func schedule(after seconds: Double, _ body: @escaping @Sendable () -> Void) -> AgentTimer
}

/// A call that was scheduled. Cancelling it twice, or too late, does nothing.
package struct AgentTimer: Sendable {
    private let onCancel: @Sendable () -> Void

    package init(onCancel: @escaping @Sendable () -> Void) { self.onCancel = onCancel }

    package func cancel() { self.onCancel() }
}

/// The system's time, with the timers of the agent's reactor.
package struct SystemClock: AgentClock {
    private let reactor: ProcessReactor

    package init(_ reactor: ProcessReactor) { self.reactor = reactor }

    package var now: Double { Date().timeIntervalSince1970 }

    package var uptime: Double { Uptime.now() }

    package func schedule(after seconds: Double, _ body: @escaping @Sendable () -> Void) -> AgentTimer {
        let token = self.reactor.schedule(after: seconds, body)
        return AgentTimer { token.cancel() }
    }
}
