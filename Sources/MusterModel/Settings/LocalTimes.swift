/// Times of the place that is this machine. All are seconds.
package struct LocalTimes: Sendable, Equatable {
    /// For a node that the gang has lost: the kernel tells of an agent that was killed within this time, and one that was
    /// stopped by a signal does not exit by itself.
    package var lostGrace = 0.2
    /// An agent that a signal has stopped for this long counts as lost.
    package var stoppedGrace = 1.0
    /// For an agent to exit after its attempt is over, on top of ``GangSettings/grace``, before it is killed.
    package var exitGrace = 5.0
    /// The same for an agent that is dismissed, or whose control node has gone.
    package var dismissGrace = 2.0
    /// Between SIGTERM and SIGKILL for what a dead agent has left.
    package var sweepGrace = 0.2
    /// To end what a dead agent has left.
    package var sweepDeadline = 10.0
    /// To end what a killed engine has left, before the run goes on.
    package var clearDeadline = 30.0
    /// Between two looks at gangs of one that wait for an agent.
    package var poolInterval = 0.02
    /// An agent that loads faster than this is started as soon as somebody waits.
    package var poolShortLoad = 0.1
    /// A load counts as this long at most, so that long tasks get agents of their own in the end.
    package var poolLongLoad = 2.0

    package init() {}
}
