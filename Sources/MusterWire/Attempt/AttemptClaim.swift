/// The first node 0's claim on an attempt. A scheduler may start a job twice; the claim says which start owns the attempt,
/// and a node of any other leaves without side effects.
package struct AttemptClaim: Codable, Sendable, Hashable {
    /// Tells one start of a job from another: the scheduler, the job's id, and the count of its restarts.
    package var incarnation: String
    package var host: String
    /// The scheduler's id of the job.
    package var job: String

    package init(incarnation: String, host: String, job: String) {
        self.incarnation = incarnation
        self.host = host
        self.job = job
    }
}
