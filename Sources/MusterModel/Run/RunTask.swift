/// One task of a run as the events have made it.
package struct RunTask: Sendable, Equatable {
    package enum Status: Sendable, Equatable {
        /// Waits for its attempt to be started.
        case ready(attempt: Int)
        case running(attempt: Int)
        case succeeded
        case failed
    }

    /// 1, 2, 3 … in order of creation.
    package let number: Int
    package let step: String
    /// The tasks right before it, in the order of its inputs; empty for `start`.
    package let parents: [Int]
    /// Its index among its parent's children: the branch or the element; 0 for an only child.
    package let slot: Int
    /// The fan-outs it is inside of, outermost first.
    package let scopes: [Scope]
    /// The size of its gang; nil for an ordinary task, whose gang is one node.
    package let nodes: Int?
    /// The least size that its gang may have; nil when it may have no other than ``size``.
    package let minimum: Int?

    package internal(set) var status: Status = .ready(attempt: 0)
    /// Failed attempts so far; interrupted ones and those that its place made fail do not count.
    package internal(set) var failures = 0
    /// Attempts that its place made fail.
    package internal(set) var placeFailures = 0
    /// The running attempt's job at its place, once that has accepted it; nil where places have no jobs.
    package internal(set) var job: String?
    /// The last attempt's failure, kept also when it was caught or retried.
    package internal(set) var failure: TaskFailure?
    /// In node order once it has succeeded or its failure was caught.
    package internal(set) var results: [NodeResult] = []
    /// By node: what was there when its last failed attempt failed.
    package internal(set) var left: [Int: [String: ArtifactReference]] = [:]
    /// True when its results replace a failure that `@Catch` took.
    package internal(set) var wasCaught = false
    /// The run and task that it was cloned from.
    package internal(set) var clonedFrom: String?
    /// Attempts that were started.
    package internal(set) var attempts = 0

    /// Nodes of its gang.
    package var size: Int { self.nodes ?? 1 }
    /// Its artifacts on one node: the results, or those that existed when it failed; nil for none.
    package func artifacts(node: Int) -> [String: ArtifactReference]? {
        self.results.indices.contains(node) ? self.results[node].artifacts : self.left[node]
    }
    /// The sizes that its gang may have.
    package var sizes: ClosedRange<Int> { min(self.minimum ?? self.size, self.size)...self.size }

    init(
        number: Int, step: String, parents: [Int], slot: Int, scopes: [Scope], nodes: Int?, minimum: Int? = nil
    ) {
        self.number = number
        self.step = step
        self.parents = parents
        self.slot = slot
        self.scopes = scopes
        self.nodes = nodes
        self.minimum = minimum
    }
}

/// One fan-out that a task is inside of: a join closes it.
package struct Scope: Sendable, Hashable {
    /// The task that fanned out.
    package let origin: Int
    /// That task's step.
    package let step: String
    package let index: Int
    package let count: Int
    /// True for a foreach, whose element the task receives.
    package let isForeach: Bool
}
