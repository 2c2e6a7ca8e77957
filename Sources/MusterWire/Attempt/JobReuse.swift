/// The next attempt of a job whose attempt has succeeded. Engine and agent both may create it, and the first one decides: the
/// engine gives the job an attempt or ends it, the agent leaves after it has waited in vain.
package struct JobReuse: Codable, Sendable, Hashable {
    /// The path of the order of the job's next attempt; nil: none comes, and the job ends.
    package var order: String?

    package init(order: String?) { self.order = order }
}
