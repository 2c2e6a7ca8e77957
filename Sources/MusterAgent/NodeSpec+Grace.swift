import MusterModel
import MusterWire

extension NodeSpec {
    /// Seconds between SIGTERM and SIGKILL after a failure: at most 0.6, because every other node waits for the end.
    var failureGrace: Double { min(self.grace, self.times.failureGrace) }

    /// Seconds between SIGTERM and SIGKILL when an attempt ends for this reason: the whole grace after a request to end or a
    /// timeout, less after a failure.
    func grace(after failure: TaskFailure?) -> Double {
        guard let failure, failure.code != .cancelled, failure.code != .timeout else { return self.grace }
        return self.failureGrace
    }
}
