internal import Glibc

extension ProcessReactor {
    /// Ends every process of `selections`: SIGTERM to each, SIGKILL after `grace` seconds, again and again until a scan
    /// finds none. Stopped processes are continued so that they hear SIGTERM; whoever appears meanwhile is ended too.
    ///
    /// Descendants of this program are found whatever they did to hide if it is a subreaper
    /// (``ProcessTree/becomeSubreaper()``). Start nothing below it while this runs: it would be ended as well.
    /// - Parameters:
    ///   - attendants: Of these processes, those that only serve the others: they are not asked, and are killed as soon as
    ///     only they are left.
    ///   - grace: 0 kills at once.
    ///   - deadline: Seconds from now after which it gives up; never before the end of the grace.
    ///   - completion: Called once on the reactor's thread with the processes that are left: none, unless the deadline
    ///     came first, which only a process that hangs in the kernel or belongs to another user outlives.
    package func terminate(
        _ selections: [ProcessSelection], attendants: Set<ProcessIdentity> = [], grace: Double, deadline: Double = 30,
        completion: @escaping @Sendable ([ProcessIdentity]) -> Void
    ) {
        let terminator = TreeTerminator(
            selections: selections, attendants: attendants, grace: ReactorClock.nanoseconds(grace),
            deadline: ReactorClock.nanoseconds(deadline), completion: completion)
        self.loop.perform { terminator.start(in: $0) }
    }

    /// The same; returns the processes that are left. It is not cut short by the cancellation of its task.
    package func terminate(
        _ selections: [ProcessSelection], attendants: Set<ProcessIdentity> = [], grace: Double, deadline: Double = 30
    ) async -> [ProcessIdentity] {
        await withCheckedContinuation { continuation in
            self.terminate(selections, attendants: attendants, grace: grace, deadline: deadline) {
                continuation.resume(returning: $0)
            }
        }
    }
}
