/// How many tasks one foreach of a run may have, where somebody has said so. Muster has no limit of its own.
package struct FanOutLimit: Sendable, Equatable {
    package let count: Int

    package init(count: Int) {
        self.count = count
    }

    /// What is wrong with a task that went on by `transition`, or nil.
    package func problem(with transition: Transition?, of step: String) -> TaskFailure? {
        guard case .foreach(let name, let count)? = transition, count > self.count else { return nil }
        return TaskFailure(
            code: .refused,
            message:
                "step \(step) fans out to \(name) over \(count) elements, and --max-num-splits allows \(self.count); "
                + "raise it or leave it out")
    }
}
