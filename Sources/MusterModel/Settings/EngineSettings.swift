/// Times and bounds of the engine.
package struct EngineSettings: Sendable, Equatable {
    /// Seconds between two looks at the file by which `muster cancel` asks for a run's end.
    package var cancelInterval = 0.2
    /// Seconds in which another engine has to give up a run's lock: one that has just ended still holds it for a moment.
    package var lockTimeout = 0.2
    /// Seconds between two signs of life beside the run's lock, by which an engine on another machine knows of this one.
    package var leaseInterval = 2.0
    /// How far behind the first ready task another one may stand and still be started, while the first has to wait.
    package var queueWindow = 32
    /// How many tasks may overtake the first ready one before all wait for it, so that a large gang gets its turn.
    package var queueOvertakings = 32

    package init() {}
}
