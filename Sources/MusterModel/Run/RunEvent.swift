/// A fact of a run, appended to the metadata store before the engine acts on it. The events determine the run's state.
///
/// `Documentation/Events.md` is the contract. Tasks are not events: their numbers follow from the order of the results,
/// so that replaying the same events makes the same tasks.
package enum RunEvent: Codable, Sendable, Equatable {
    /// The run's first event.
    case started
    /// A gang is about to be submitted for this attempt.
    case attemptStarted(task: Int, attempt: Int)
    /// The attempt's place has accepted the gang as this job. Not of places without jobs, such as this machine.
    case attemptSubmitted(task: Int, attempt: Int, job: String)
    /// Every node succeeded; `nodes` are their results in node order.
    case attemptSucceeded(task: Int, attempt: Int, nodes: [NodeResult])
    /// The attempt failed. `caught` holds the results that stand in for the task's own when `@Catch` takes the failure;
    /// `left` the artifacts that were there otherwise, by node, of the nodes of which that is known.
    case attemptFailed(
        task: Int, attempt: Int, failure: TaskFailure, caught: [NodeResult]?,
        left: [Int: [String: ArtifactReference]]? = nil)
    /// The engine died while the attempt ran. Its gang was stopped, and it does not count as a retry.
    case attemptInterrupted(task: Int, attempt: Int)
    /// The task is taken over from another run, results and all.
    case cloned(task: Int, fromRun: String, fromTask: Int, nodes: [NodeResult])
    /// The end of the run was requested; nothing new is started.
    case cancelled(failure: TaskFailure)
    /// The run's last event.
    case ended(verdict: RunVerdict)
}

/// The end of a run.
package enum RunVerdict: String, Codable, Sendable, Hashable {
    case succeeded, failed, cancelled
}
