import MusterModel
import MusterWire

extension NodeSpec {
    /// Seconds between SIGTERM and SIGKILL after a failure, at most: all the others wait for the end, and whoever was to
    /// be told of it by then has little left to save.
    var failureGrace: Double { min(self.grace, 0.6) }

    /// Seconds between SIGTERM and SIGKILL when an attempt ends for this reason: who was asked to end, or ran out of time,
    /// has more of them than who fell with another.
    func grace(after failure: TaskFailure?) -> Double {
        guard let failure, failure.code != .cancelled, failure.code != .timeout else { return self.grace }
        return self.failureGrace
    }
}
