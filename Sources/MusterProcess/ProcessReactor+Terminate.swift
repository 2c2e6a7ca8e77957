internal import Glibc

extension ProcessReactor {
    /// Terminates every process of `selections`: SIGTERM to each, SIGKILL after `grace` seconds, repeated until a scan
    /// finds none. Stopped processes get SIGCONT, so that they handle SIGTERM. Processes that appear meanwhile are
    /// terminated too.
    ///
    /// In a subreaper (``ProcessTree/becomeSubreaper()``) descendants are found even when they have left their session
    /// or have been orphaned. Processes that are started below this program meanwhile are terminated as well.
    /// - Parameters:
    ///   - attendants: Processes that only serve the others. They get no SIGTERM, and SIGKILL as soon as only they
    ///     are left.
    ///   - grace: 0 kills at once.
    ///   - deadline: Seconds from now after which it gives up; never before the end of the grace.
    ///   - completion: Called once on the reactor's thread with the processes that are left at the deadline: those that
    ///     hang in the kernel or belong to another user.
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
