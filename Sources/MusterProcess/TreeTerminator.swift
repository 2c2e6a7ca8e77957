internal import Glibc

/// Carries out a ``TreeTermination``: looks, signals, and looks again when a child has been reaped or a moment has passed.
///
/// `@unchecked Sendable` because its fields are touched on the reactor's thread only.
final class TreeTerminator: @unchecked Sendable {
    private let selections: [ProcessSelection]
    private let attendants: Set<ProcessIdentity>
    private let completion: @Sendable ([ProcessIdentity]) -> Void
    private let grace: UInt64
    private let deadline: UInt64
    private var termination = TreeTermination(start: 0, grace: 0, deadline: 0)
    private var id: UInt64 = 0
    /// Nanoseconds to the next scan. They grow, because processes that do not end at once usually take long.
    private var pause: UInt64 = 2_000_000

    init(
        selections: [ProcessSelection], attendants: Set<ProcessIdentity>, grace: UInt64, deadline: UInt64,
        completion: @escaping @Sendable ([ProcessIdentity]) -> Void
    ) {
        self.selections = selections
        self.attendants = attendants
        self.grace = grace
        self.deadline = deadline
        self.completion = completion
    }

    func start(in loop: ReactorLoop) {
        self.termination = TreeTermination(
            start: ReactorClock.now(), grace: self.grace, deadline: self.deadline, attendants: self.attendants)
        self.id = loop.nextID()
        loop.onReap[self.id] = { [weak loop] in
            guard let loop else { return }
            // Not at once: when one dies, its children often follow within the millisecond.
            self.scheduleScan(in: loop, after: 1_000_000)
        }
        self.scan(in: loop)
    }

    private func scan(in loop: ReactorLoop) {
        let found = self.find(in: loop)
        let isCertain = found == nil
        let event = TreeTermination.Event.scanned(found ?? [], isCertain: isCertain, now: ReactorClock.now())
        // A scan that was already scheduled when the last process went is of no interest.
        guard let actions = try? self.termination.handle(event) else { return }
        for action in actions { self.perform(action, in: loop) }
    }

    /// nil when there is certainly none.
    private func find(in loop: ReactorLoop) -> [ProcessIdentity]? {
        let selections = self.selections.filter { $0 != .orphans || loop.ownsOrphans }
        if selections.allSatisfy({ $0 == .descendants(of: getpid()) || $0 == .orphans }), ProcessTree.isChildless() {
            return nil
        }
        let own = Set(loop.children.keys)
        return Array(Set(selections.flatMap { ProcessTree.find($0, own: own) }))
    }

    private func perform(_ action: TreeTermination.Action, in loop: ReactorLoop) {
        switch action {
        case .ask(let processes):
            for process in processes {
                ProcessTree.signal(process, SIGTERM)
                ProcessTree.signal(process, SIGCONT)
            }
        case .kill(let processes):
            for process in processes { ProcessTree.signal(process, SIGKILL) }
        case .scanAgain:
            self.scheduleScan(in: loop, after: self.pause)
            self.pause = min(self.pause * 3 / 2, 50_000_000)
        case .finish(let left):
            loop.onReap[self.id] = nil
            loop.unschedule(self.id)
            self.completion(left)
        }
    }

    /// Replaces the scan that is scheduled, if there is one.
    private func scheduleScan(in loop: ReactorLoop, after pause: UInt64) {
        loop.unschedule(self.id)
        loop.schedule(
            TimerQueue.Entry(due: ReactorClock.now() + pause, id: self.id) { [weak loop] in
                guard let loop else { return }
                self.scan(in: loop)
            })
    }
}
