/// The ending of a set of processes that may resist, multiply or hide.
///
///     asking ──grace over──▶ killing ──deadline──▶ over (some left)
///        └───── none left ──────┴─────────────────▶ over
///
/// *Attendants* are processes that only serve the others and have nothing to put in order: nobody asks them, so that they
/// do not end the others in a way of their own, and they are killed as soon as only they are left.
///
/// Time is monotonic nanoseconds and comes with the events.
struct TreeTermination: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
        /// Who has got SIGTERM already: a second one would cut short what the first began.
        case asking(asked: Set<ProcessIdentity>)
        case killing
        case over
    }

    enum Event: Sendable, Equatable {
        /// The processes were looked for. `isCertain`: a scan can miss what is born or renamed during it, this one cannot.
        case scanned([ProcessIdentity], isCertain: Bool, now: UInt64)
    }

    enum Action: Sendable, Equatable {
        /// SIGTERM, and SIGCONT so that a stopped process hears it.
        case ask([ProcessIdentity])
        case kill([ProcessIdentity])
        case scanAgain
        /// What could not be ended in time; nothing else will be done.
        case finish(left: [ProcessIdentity])
    }

    private(set) var phase = Phase.asking(asked: [])
    private var sawNone = false
    private let attendants: Set<ProcessIdentity>
    let graceEnd: UInt64
    let deadline: UInt64

    /// - Parameter deadline: Counted from `start` like the grace; never before its end.
    init(start: UInt64, grace: UInt64, deadline: UInt64, attendants: Set<ProcessIdentity> = []) {
        self.attendants = attendants
        self.graceEnd = start &+ grace
        self.deadline = start &+ max(grace, deadline)
    }

    mutating func handle(_ event: Event) throws(IllegalTerminationEvent) -> [Action] {
        guard case .scanned(let found, let isCertain, let now) = event else { return [] }
        switch self.phase {
        case .over: throw IllegalTerminationEvent(event: event)
        case .asking, .killing: break
        }
        if found.isEmpty { return self.foundNone(isCertain: isCertain) }
        self.sawNone = false
        if now >= self.deadline && self.phase == .killing {
            self.phase = .over
            return [.finish(left: found)]
        }
        if now >= self.graceEnd { self.phase = .killing }
        return self.press(found)
    }

    private mutating func foundNone(isCertain: Bool) -> [Action] {
        guard isCertain || self.sawNone else {
            self.sawNone = true
            return [.scanAgain]
        }
        self.phase = .over
        return [.finish(left: [])]
    }

    private mutating func press(_ found: [ProcessIdentity]) -> [Action] {
        guard case .asking(var asked) = self.phase else { return [.kill(found), .scanAgain] }
        let others = found.filter { !self.attendants.contains($0) }
        guard !others.isEmpty else { return [.kill(found), .scanAgain] }
        let fresh = others.filter { !asked.contains($0) }
        asked.formUnion(fresh)
        self.phase = .asking(asked: asked)
        return fresh.isEmpty ? [.scanAgain] : [.ask(fresh), .scanAgain]
    }
}

/// A termination that is over was told of a scan.
struct IllegalTerminationEvent: Error, Equatable, CustomStringConvertible {
    let event: TreeTermination.Event
    var description: String { "the processes have already been ended; \(self.event) came too late" }
}
