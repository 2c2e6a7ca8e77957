/// What follows in a job whose attempt has succeeded. It is created once, by whoever is first: the engine, which gives the
/// job another attempt, or the agent, which has waited long enough and leaves.
package struct JobReuse: Codable, Sendable, Hashable {
    /// The path of the order of the job's next attempt; nil: none comes, and the job ends.
    package var order: String?

    package init(order: String?) { self.order = order }
}
