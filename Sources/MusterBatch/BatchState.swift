import MusterBackends

/// AWS Batch's words about a job, as Muster's states. Pure.
enum BatchState {
    /// - Parameter place: The job's place in its queue, from 1; nil when it is not known.
    static func state(_ job: JobDescription, place: Int? = nil) -> JobState {
        switch job.status {
        case "SUBMITTED", "PENDING": .queued(JobWait(reason: job.status))
        case "RUNNABLE": .queued(self.wait(job, place))
        case "STARTING":
            .queued(JobWait(reason: "STARTING", advice: "its machine is there, and the image is being pulled"))
        case "RUNNING": .running(hosts: [])
        case "SUCCEEDED": .ended(JobEnd(kind: .completed, reason: "SUCCEEDED", exitCode: 0))
        case "FAILED": .ended(self.end(job))
        // A word of a later version is not a sign that the job is gone.
        default: .unknown(reason: "AWS Batch calls its state \(job.status)")
        }
    }

    // MARK: - Waiting

    /// The reasons of jobs at the head of their queue, and what to do about them
    /// (https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html).
    private static let advice: [(beginning: String, advice: String)] = [
        (
            "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
            "the compute environment may never be as large as the job: raise its maxvCpus, or ask for less"
        ),
        (
            "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
            "no instance type of the compute environment is as large as a node: ask for less, or add larger ones"
        ),
        (
            "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS",
            "the service role of the compute environment may not start instances: mend its policy"
        ),
        (
            "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
            "AWS has no such instance free now: the job waits; more instance types or zones would help"
        ),
    ]

    private static func wait(_ job: JobDescription, _ place: Int?) -> JobWait {
        let reason = job.statusReason ?? ""
        let known = self.advice.first { reason.hasPrefix($0.beginning) }?.advice
        let order = place.map { "it is number \($0) of its queue" }
        let words = [known, order].compactMap(\.self).joined(separator: "; ")
        return JobWait(
            reason: reason.isEmpty ? "RUNNABLE" : reason, advice: words.isEmpty ? nil : words,
            isHopeless: reason.hasPrefix("MISCONFIGURATION:"))
    }

    // MARK: - Ends

    private static func end(_ job: JobDescription) -> JobEnd {
        let reason = job.endReason
        return JobEnd(kind: self.kind(job, reason), reason: reason, exitCode: job.lastContainer?.exitCode)
    }

    private static func kind(_ job: JobDescription, _ reason: String) -> JobEnd.Kind {
        if job.isTerminated == true || job.isCancelled == true { return .cancelled }
        // "Host EC2 (instance i-0123) terminated.": a spot instance that was taken back, or one that failed.
        if reason.contains("Host EC2"), reason.contains("terminated") { return .nodeFailed }
        if reason.contains("attempt duration exceeded timeout") { return .timeLimit }
        if reason.contains("OutOfMemory") { return .outOfMemory }
        if reason.contains("CannotPullContainer"), !self.mayPass(reason) { return .failed }
        if self.starts.contains(where: reason.contains) { return .notStarted }
        return .failed
    }

    /// Beginnings of the reasons for which the place could not start a container.
    private static let starts = [
        "CannotPullContainer", "CannotStartContainer", "CannotCreateContainer", "CannotInspectContainer",
        "DockerTimeout", "ResourceInitializationError", "InternalError", "TaskFailedToStart", "CannotCreateVolume",
    ]

    /// A pull that failed and may succeed the next time: a registry that asks for patience, a network that failed.
    private static func mayPass(_ reason: String) -> Bool {
        let lower = reason.lowercased()
        return ["toomanyrequests", "timeout", "timed out", "i/o", "503", "500", "connection"]
            .contains(where: lower.contains)
    }
}
