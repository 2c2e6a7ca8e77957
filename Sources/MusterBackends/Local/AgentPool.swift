import MusterModel

/// Which agent runs which gang of one: an agent that waits for work goes before a new one.
///
///                  ┌────────────── a request ◀────────────┐
///     started ──▶ busy ──ready──▶ idle ──dismissed──▶ leaving ──exited──▶ gone
///
/// As many agents as the machine has processors start at once. Requests beyond them wait for one of these for as long as
/// they keep becoming free: short tasks are over before another agent would be up. When none has become free for a
/// while, or a request has waited for long, more are started.
struct AgentPool: Sendable {
    enum Placement: Sendable {
        case start(LocalAgent, LocalRequest)
        case serve(LocalAgent, LocalRequest)
        /// Something waits: call ``look()`` after so many seconds.
        case wait(seconds: Double)
    }

    /// Seconds between two looks at what waits, and how many looks a request waits at most.
    private static let pause = 0.02
    private static let patience = 10

    private let startsAtOnce: Int
    private var idle: [LocalAgent] = []
    /// Every agent that has been started and has not exited.
    private var alive: [LocalAgent] = []
    private var waiting: [LocalRequest] = []
    /// How often the first of those was looked at.
    private var looks = 0
    private var isTimed = false
    /// Whether an agent has become free since the last look.
    private var hasFlow = false
    private var onEmpty: (@Sendable () -> Void)?

    init(startsAtOnce: Int) { self.startsAtOnce = max(1, startsAtOnce) }

    /// Where `request`, or one that came before it, goes now.
    mutating func place(_ request: LocalRequest) -> [Placement] {
        self.waiting.append(request)
        return self.next()
    }

    /// The time of ``Placement/wait(seconds:)`` is over.
    mutating func look() -> [Placement] {
        defer { self.hasFlow = false }
        self.isTimed = false
        self.looks += 1
        return self.next(more: self.hasFlow && self.looks < Self.patience ? 0 : self.startsAtOnce)
    }

    /// The agent takes another gang.
    mutating func ready(_ agent: LocalAgent) -> [Placement] {
        agent.attempt = nil
        self.hasFlow = true
        self.idle.append(agent)
        return self.next()
    }

    /// The agent has exited, or could not be started.
    mutating func gone(_ agent: LocalAgent) -> [Placement] {
        self.idle.removeAll { $0 == agent }
        self.alive.removeAll { $0 == agent }
        if self.alive.isEmpty {
            self.onEmpty?()
            self.onEmpty = nil
        }
        return self.next()
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

    /// - Parameter more: How many agents may be started beyond the first ones.
    private mutating func next(more: Int = 0) -> [Placement] {
        var placements: [Placement] = []
        var more = more
        while let request = self.waiting.first {
            if let agent = self.idle.popLast() {
                agent.attempt = request.attempt
                placements.append(.serve(agent, request))
            } else if self.alive.count < self.startsAtOnce || more > 0 {
                if self.alive.count >= self.startsAtOnce { more -= 1 }
                let agent = LocalAgent(node: 0, scratch: request.scratch, attempt: request.attempt)
                self.alive.append(agent)
                placements.append(.start(agent, request))
            } else {
                break
            }
            self.waiting.removeFirst()
            self.looks = 0
        }
        if !self.waiting.isEmpty, !self.isTimed {
            self.isTimed = true
            placements.append(.wait(seconds: Self.pause))
        }
        return placements
    }
}
