import MusterModel

/// Assigns gangs of one to agents: an idle agent first, then a new one.
///
///                              ┌────────────── a request ◀────────────┐
///     loading ──started──▶ busy ──ready──▶ idle ──dismissed──▶ leaving ──exited──▶ gone
///
/// A new agent loads the flow's program with all that it imports before its first step's body begins; a reused one has
/// it loaded (saves 310 ms of 480, Benchmarks: foreach; python-foreach). A load keeps a processor busy, so never more agents load at once
/// than there are processors. A request that waits gets the next idle agent or a new one; a new one pays off only after
/// a wait as long as a load.
///
/// - Up to one agent per processor is started for waiting requests: at once while loads take under 0.1 s or none was
///   measured, otherwise when requests have waited for three loads.
/// - More are started when no agent has become idle for one load, or a request has waited for ten loads.
///
/// Times are seconds of a monotonic clock.
struct AgentPool: Sendable {
    enum Placement: Sendable {
        case start(LocalAgent, LocalRequest)
        case serve(LocalAgent, LocalRequest)
        /// Something waits: call ``look(now:)`` after so many seconds.
        case wait(seconds: Double)
    }

    /// The number of loads for which a moving queue must exist before another agent is started for it: a shorter queue
    /// is empty before the new agent has loaded.
    private static let endurance = 3.0
    private static let patience = 10.0

    private let startsAtOnce: Int
    private let times: LocalTimes
    private var idle: [LocalAgent] = []
    /// Every agent that has been started and has not exited.
    private var alive: [LocalAgent] = []
    /// Those of them that have not begun a step's body yet, each with the time of its start.
    private var loading: [(agent: LocalAgent, since: Double)] = []
    /// The number of agents that the rules above have allowed so far. Up to it, an agent that has exited is replaced at
    /// once.
    private var granted = 1
    /// Seconds that the last load took.
    private var load = 0.0
    private var waiting: [LocalRequest] = []
    /// Since when requests have been waiting, and the first of them.
    private var waitingSince = 0.0
    private var firstSince = 0.0
    /// When an agent has last become free, or has begun its first body.
    private var lastFlow = 0.0
    /// No agent becomes idle any more: each request that waits gets a new agent as soon as one can load.
    private var isStarved = false
    private var isTimed = false
    private var onEmpty: (@Sendable () -> Void)?

    init(startsAtOnce: Int, times: LocalTimes = LocalTimes()) {
        self.startsAtOnce = max(1, startsAtOnce)
        self.times = times
    }

    /// The placements that are possible now, for `request` or one that came before it.
    mutating func place(_ request: LocalRequest, now: Double) -> [Placement] {
        if self.waiting.isEmpty { (self.waitingSince, self.firstSince, self.lastFlow) = (now, now, now) }
        self.waiting.append(request)
        return self.next(now)
    }

    /// The time of ``Placement/wait(seconds:)`` is over.
    mutating func look(now: Double) -> [Placement] {
        self.isTimed = false
        let pause = max(self.times.poolInterval, self.cost)
        let isLoading = self.loading.count >= self.startsAtOnce
        if !isLoading, now - self.lastFlow >= pause || now - self.firstSince >= Self.patience * pause {
            self.isStarved = true
        }
        return self.next(now)
    }

    /// The agent has begun the body of a step.
    mutating func started(_ agent: LocalAgent, now: Double) -> [Placement] {
        guard let index = self.loading.firstIndex(where: { $0.agent == agent }) else { return [] }
        self.load = now - self.loading.remove(at: index).since
        self.lastFlow = now
        return self.next(now)
    }

    /// The agent takes another gang.
    mutating func ready(_ agent: LocalAgent, now: Double) -> [Placement] {
        agent.attempt = nil
        self.loading.removeAll { $0.agent == agent }
        self.lastFlow = now
        self.isStarved = false
        self.idle.append(agent)
        return self.next(now)
    }

    /// The agent has exited, or could not be started.
    mutating func gone(_ agent: LocalAgent, now: Double) -> [Placement] {
        self.idle.removeAll { $0 == agent }
        self.alive.removeAll { $0 == agent }
        self.loading.removeAll { $0.agent == agent }
        if self.alive.isEmpty {
            self.onEmpty?()
            self.onEmpty = nil
        }
        return self.next(now)
    }

    /// Takes the agents that wait for work: none of them gets any.
    mutating func dismissIdle() -> [LocalAgent] {
        defer { self.idle = [] }
        return self.idle
    }

    /// Calls `body` when the last agent has exited. Returns true, and does not call it, when none is alive.
    mutating func whenEmpty(_ body: @escaping @Sendable () -> Void) -> Bool {
        guard !self.alive.isEmpty else { return true }
        self.onEmpty = body
        return false
    }

    private mutating func next(_ now: Double) -> [Placement] {
        var placements: [Placement] = []
        while let request = self.waiting.first {
            if let agent = self.idle.popLast() {
                agent.attempt = request.attempt
                placements.append(.serve(agent, request))
            } else if self.mayStart(now) {
                let agent = LocalAgent(
                    node: 0, scratch: request.scratch, address: request.controlAddress, attempt: request.attempt)
                self.alive.append(agent)
                self.granted = min(max(self.granted, self.alive.count), self.startsAtOnce)
                self.loading.append((agent, now))
                placements.append(.start(agent, request))
            } else {
                break
            }
            self.waiting.removeFirst()
            self.firstSince = now
        }
        if self.waiting.isEmpty { self.isStarved = false }
        if !self.waiting.isEmpty, !self.isTimed {
            self.isTimed = true
            placements.append(.wait(seconds: self.times.poolInterval))
        }
        return placements
    }

    /// The cost of another load in seconds.
    private var cost: Double { self.load < self.times.poolShortLoad ? 0 : min(self.load, self.times.poolLongLoad) }

    private func mayStart(_ now: Double) -> Bool {
        guard self.loading.count < self.startsAtOnce else { return false }
        if self.isStarved || self.alive.count < self.granted { return true }
        return self.alive.count < self.startsAtOnce && now - self.waitingSince >= Self.endurance * self.cost
    }
}
