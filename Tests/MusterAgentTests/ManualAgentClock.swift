import MusterAgent
import Synchronization

/// A clock that the test moves.
final class ManualAgentClock: AgentClock {
    private struct Timer {
        let id: Int
        let due: Double
        let body: @Sendable () -> Void
    }

    private struct State {
        var uptime = 0.0
        var timers: [Timer] = []
        var count = 0
    }

    /// Unix time at the start.
    private let epoch: Double
    private let state = Mutex(State())

    init(epoch: Double = 1000) { self.epoch = epoch }

    var now: Double { self.epoch + self.uptime }

    var uptime: Double { self.state.withLock { $0.uptime } }

    func schedule(after seconds: Double, _ body: @escaping @Sendable () -> Void) -> AgentTimer {
        let id = self.state.withLock { state in
            state.count += 1
            state.timers.append(Timer(id: state.count, due: state.uptime + seconds, body: body))
            return state.count
        }
        return AgentTimer { [weak self] in self?.state.withLock { $0.timers.removeAll { $0.id == id } } }
    }

    /// Lets time pass; what is due meanwhile is called in order, before this returns.
    func advance(by seconds: Double) {
        let end = self.uptime + seconds
        while let timer = self.nextTimer(until: end) { timer.body() }
        self.state.withLock { $0.uptime = end }
    }

    private func nextTimer(until end: Double) -> Timer? {
        self.state.withLock { state in
            guard let index = state.timers.indices.min(by: { state.timers[$0].due < state.timers[$1].due }),
                state.timers[index].due <= end
            else { return nil }
            let timer = state.timers.remove(at: index)
            state.uptime = timer.due
            return timer
        }
    }
}
