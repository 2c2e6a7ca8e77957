/// The termination of a set of processes that may ignore signals, fork or leave their group.
///
///     asking ──grace over──▶ killing ──deadline──▶ over (some left)
///        └───── none left ──────┴─────────────────▶ over
///
/// *Attendants* are processes that only serve the others. They get no SIGTERM, because they would then end the others
/// themselves, and SIGKILL as soon as only they are left.
///
/// Time is monotonic nanoseconds and comes with the events.
struct TreeTermination: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
        /// The processes that have got SIGTERM. A second one would cut short the handling of the first.
        case asking(asked: Set<ProcessIdentity>)
        case killing
        case over
    }

    enum Event: Sendable, Equatable {
        /// The processes were looked for. `isCertain`: a scan can miss what is born or renamed during it, this one cannot.
        case scanned([ProcessIdentity], isCertain: Bool, now: UInt64)
    }

    enum Action: Sendable, Equatable {
        /// SIGTERM, and SIGCONT so that a stopped process handles it.
        case ask([ProcessIdentity])
        case kill([ProcessIdentity])
        case scanAgain
        /// The processes that are left at the deadline; the termination gives up.
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

/// An event came after the termination had ended.
struct IllegalTerminationEvent: Error, Equatable, CustomStringConvertible {
    let event: TreeTermination.Event
    var description: String { "the processes have already been ended; \(self.event) came too late" }
}
