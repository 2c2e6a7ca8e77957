/// The engine's reports to its observers: the live view, the plain lines, `--json`.
///
/// Observations are for people: no decision depends on them. They come after their events were stored. Those of one
/// attempt come in the order of its life; those of different attempts may interleave.
package enum EngineObservation: Sendable, Equatable {
    /// The first observation of every run. `steps` are all steps of the flow, in the order of the source.
    case runStarted(run: RunSummary)
    /// Tasks that a resumed run clones from its origin without running them again.
    case tasksReused(step: String, count: Int)
    /// An attempt's gang of `nodes` nodes is being started.
    case attemptStarted(attempt: AttemptID, nodes: Int)
    /// The attempt's place has accepted its gang as this job.
    case attemptSubmitted(attempt: AttemptID, place: String, job: String)
    /// The gang waits in its place's queue, for this reason.
    case attemptWaiting(attempt: AttemptID, reason: String)
    /// The gang's job runs on these hosts, in node order.
    case attemptPlaced(attempt: AttemptID, hosts: [String])
    /// One node of an attempt has come to a new state.
    case nodeState(attempt: AttemptID, node: Int, state: NodeState)
    /// The log at `path` has grown to `bytes` bytes.
    case log(attempt: AttemptID, node: Int, path: String, bytes: Int)
    /// An attempt is over. `failure` is nil when it succeeded; `retryAfter` are the seconds until the next attempt,
    /// nil when there is none; `caughtInto` names the artifact that took the failure, when the step has one.
    case attemptFinished(attempt: AttemptID, failure: TaskFailure?, retryAfter: Double?, caughtInto: String?)
    /// Something that a person should know and that stops nothing.
    case warning(String)
    /// A step's Python environment is being made; `message` is one line.
    case environment(step: String, message: String)
    /// The run is being ended before its time: nothing new is started.
    case cancelling(reason: String)
    /// The last observation of every run.
    case runFinished(outcome: RunOutcome)
}

/// The facts about a run at its start.
package struct RunSummary: Sendable, Equatable, Codable {
    package var flow: String
    package var run: String
    /// The run that this one resumes; nil otherwise.
    package var originRun: String?
    package var steps: [String]
    /// The store's folder, absolute.
    package var store: String

    package init(flow: String, run: String, originRun: String? = nil, steps: [String], store: String) {
        self.flow = flow
        self.run = run
        self.originRun = originRun
        self.steps = steps
        self.store = store
    }
}

/// A task by the name that people read: `step/number`.
package struct TaskLabel: Sendable, Hashable, Codable, CustomStringConvertible {
    package var step: String
    package var number: Int

    package init(step: String, number: Int) {
        self.step = step
        self.number = number
    }

    package var description: String { "\(self.step)/\(self.number)" }
}

/// The states of one node of an attempt, in their order.
package enum NodeState: String, Sendable, Codable, CaseIterable {
    /// Its agent is being started.
    case starting
    /// It has come to the rendezvous.
    case joined
    /// The step body runs on it.
    case running
    case succeeded
    /// It is the cause of the failure.
    case failed
    /// It was stopped because of another node, or because the attempt was ended.
    case stopped

    /// True for a state that no other follows.
    package var isFinal: Bool {
        switch self {
        case .succeeded, .failed, .stopped: true
        case .starting, .joined, .running: false
        }
    }
}

/// The end of a run.
package enum RunOutcome: Sendable, Equatable {
    case succeeded
    /// `task` is the one whose failure ended the run; nil when no task is to blame.
    case failed(task: TaskLabel?, failure: TaskFailure)
    case cancelled(reason: String)
}
