import MusterModel

/// How a place makes an attempt fail.
extension TaskFailure {
    static func notSubmitted(_ error: BackendError) -> TaskFailure {
        TaskFailure(code: .refused, message: error.message)
    }

    static func notSubmitted(_ error: BackendError, after seconds: Double) -> TaskFailure {
        TaskFailure(
            code: .place,
            message: "the job could not be submitted for \(Int(seconds / 60)) minutes: \(error.message)")
    }

    static func hopeless(_ wait: JobWait) -> TaskFailure {
        TaskFailure(code: .refused, message: "the job can never start, the scheduler says \(Self.words(wait))")
    }

    static func waitedTooLong(_ wait: JobWait, seconds: Double) -> TaskFailure {
        TaskFailure(
            code: .timeout,
            message:
                "the job waited for \(Int(seconds / 60)) minutes, as long as it may; the scheduler says \(Self.words(wait))"
        )
    }

    static func split(_ wait: JobWait, seconds: Double) -> TaskFailure {
        TaskFailure(
            code: .split,
            message:
                "\(wait.placed ?? 0) nodes had machines and the others none for \(Int(seconds)) s; all are let go, and asked for again after a while: \(Self.words(wait))"
        )
    }

    private static func words(_ wait: JobWait) -> String { wait.reason + (wait.advice.map { ": \($0)" } ?? "") }

    static func silentNodes(seconds: Double) -> TaskFailure {
        TaskFailure(
            code: .place,
            message:
                "the job has run for \(Int(seconds)) s and no node has written a word into the store; do all nodes see its folder under the same path, and may they execute programs in it?"
        )
    }

    /// A node has ended before it joined its gang, while the job ran on.
    static func endedEarly(_ node: Int, of job: BackendJob, _ end: JobEnd) -> TaskFailure {
        TaskFailure(
            code: end.kind.isPlace ? .place : .exit,
            message:
                "node \(node) of the job \(job) ended before it had joined the gang: the scheduler says \(end.reason)",
            node: node, exitCode: end.exitCode, signal: end.signal)
    }

    /// The job is over and has left no report.
    static func lost(_ job: BackendJob, _ end: JobEnd?) -> TaskFailure {
        let end = end ?? JobEnd(kind: .forgotten, reason: "no such job")
        let said = "the scheduler says \(end.reason), and there is no report"
        switch end.kind {
        case .nodeFailed, .preempted, .notStarted, .forgotten:
            return TaskFailure(code: .place, message: "the job \(job) is gone: \(said)")
        case .completed:
            return TaskFailure(code: .lost, message: "the job \(job) is gone: \(said)")
        case .cancelled:
            // A person who ends a job by hand does not want it to be started again.
            return TaskFailure(code: .cancelled, message: "the job \(job) was cancelled by somebody: \(said)")
        case .failed:
            return TaskFailure(
                code: .exit, message: "the job \(job) failed before its agents could report: \(said)",
                exitCode: end.exitCode, signal: end.signal)
        case .timeLimit:
            return TaskFailure(
                code: .timeout, message: "the job \(job) reached its time limit (\(end.reason)); ask for more time")
        case .outOfMemory:
            return TaskFailure(
                code: .signal,
                message:
                    "the job \(job) used more memory than it asked for (\(end.reason)); ask for more with @Resources",
                signal: 9)
        }
    }

    /// The same for a job that had run other attempts before. That it ended before this one began, or had less time left than
    /// this one asks for, is not the step's fault.
    static func lostReused(_ job: BackendJob, _ end: JobEnd?, hasBegun: Bool) -> TaskFailure {
        let isOfJob =
            switch end?.kind {
            case .timeLimit?: true
            case .completed?, .failed?, .outOfMemory?: !hasBegun
            case .nodeFailed?, .preempted?, .notStarted?, .forgotten?, .cancelled?, nil: false
            }
        guard isOfJob, let end else { return self.lost(job, end) }
        return TaskFailure(
            code: .place,
            message:
                "the job \(job), which had run other tasks, is gone: the scheduler says \(end.reason); the task is tried again in a job of its own"
        )
    }
}

extension GangReport {
    /// The report of a gang of which no node could report.
    static func none(_ failure: TaskFailure) -> GangReport {
        GangReport(failure: failure, nodes: [], started: 0, finished: 0)
    }

    func failing(_ failure: TaskFailure) -> GangReport {
        var report = self
        report.failure = failure
        return report
    }

    /// The report of agents that were told to end, or that have lost a node, with the scheduler's reason.
    func explained(by end: JobEnd?, _ job: BackendJob, isReused: Bool = false) -> GangReport {
        guard var failure = self.failure else { return self }
        failure.code = .place
        guard let end else { return self.failing(failure) }
        switch end.kind {
        case .timeLimit where isReused: return self.failing(.lostReused(job, end, hasBegun: true))
        case .timeLimit, .outOfMemory: return self.failing(.lost(job, end))
        case .cancelled:
            return self.failing(
                TaskFailure(code: .cancelled, message: "the job \(job) was cancelled by somebody (\(end.reason))"))
        case .nodeFailed, .preempted, .notStarted, .forgotten, .completed, .failed:
            failure.message += "; the scheduler says \(end.reason) of the job \(job)"
            return self.failing(failure)
        }
    }
}
