/// The largest number of tasks of a foreach, if the user has set one. Muster has no limit of its own.
package struct FanOutLimit: Sendable, Equatable {
    package let count: Int

    package init(count: Int) {
        self.count = count
    }

    /// The failure of a task whose `transition` exceeds the limit; nil when it does not.
    package func problem(with transition: Transition?, of step: String) -> TaskFailure? {
        guard case .foreach(let name, let count)? = transition, count > self.count else { return nil }
        return TaskFailure(
            code: .refused,
            message:
                "step \(step) fans out to \(name) over \(count) elements, and --max-num-splits allows \(self.count); "
                + "raise it or leave it out")
    }
}
