import MusterModel
import MusterProcess
import MusterWire

extension NodeSpec {
    /// Seconds before the place's time limit from which its SIGTERM is taken for that limit's.
    private static let limitMargin = 10.0

    /// The failure of an attempt whose agent gets this signal at `now`, in Unix time.
    ///
    /// On the engine's machine a person ends an agent; elsewhere it is the scheduler, which needs the node for somebody else.
    func failure(of signal: CInt, now: Double) -> TaskFailure {
        if let place = self.place {
            // Schedulers look for jobs that have reached their limit every half minute, and the clock that set it is another's.
            if let end = self.placeEnd, now >= end - Self.limitMargin {
                return TaskFailure(
                    code: .timeout, message: "the job reached its time limit at \(place); ask for more time")
            }
            return TaskFailure(
                code: .place, message: "\(place) told node \(self.index) to end by \(SignalName.describe(signal))",
                node: self.size > 1 ? self.index : nil)
        }
        return TaskFailure(
            code: .cancelled,
            message: "the agent of node \(self.index) was told to end by \(SignalName.describe(signal))",
            node: self.index)
    }
}
