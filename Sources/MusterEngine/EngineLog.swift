import Logging
import MusterMetadata
import MusterModel

/// The engine's log of a run: what it tells those who watch, and besides that what only an operator asks for.
///
/// Levels: `info` for the life of the run and its attempts, `warning` for what went wrong and for what a person has to know,
/// `debug` for single nodes.
struct EngineLog: Sendable {
    private let log: Logger

    /// - Parameter log: Its lines get the run's name.
    init(_ log: Logger, run: RunKey) {
        var log = log
        log[metadataKey: "run"] = "\(run)"
        self.log = log
    }

    func note(_ observation: EngineObservation) {
        switch observation {
        case .runStarted(let run):
            self.log.info(
                "the engine moves the run", metadata: run.originRun.map { ["origin": "\(run.flow)/\($0)"] })
        case .tasksReused(let step, let count):
            self.log.info("tasks were taken over", metadata: ["step": "\(step)", "tasks": "\(count)"])
        case .attemptStarted(let attempt, let nodes):
            self.log.info("the attempt is started", metadata: self.fields(attempt, ["nodes": "\(nodes)"]))
        case .attemptSubmitted(let attempt, let place, let job):
            self.log.info(
                "the place has accepted the gang",
                metadata: self.fields(attempt, ["place": "\(place)", "job": "\(job)"]))
        case .attemptWaiting(let attempt, let reason):
            self.log.info("the gang waits at its place", metadata: self.fields(attempt, ["reason": "\(reason)"]))
        case .attemptPlaced(let attempt, let hosts):
            self.log.info("the gang runs", metadata: self.fields(attempt, ["hosts": "\(hosts.joined(separator: ","))"]))
        case .nodeState(let attempt, let node, let state):
            self.log.debug(
                "a node has changed its state",
                metadata: self.fields(attempt, ["node": "\(node)", "state": "\(state.rawValue)"]))
        case .log: break
        case .attemptFinished(let attempt, nil, _, _):
            self.log.info("the attempt has succeeded", metadata: self.fields(attempt, [:]))
        case .attemptFinished(let attempt, let failure?, let retryAfter, let caughtInto):
            self.failed(attempt, failure, retryAfter, caughtInto)
        case .warning(let text): self.log.warning("\(text)")
        case .environment(let step, let message):
            self.log.info("\(message)", metadata: ["step": "\(step)"])
        case .cancelling(let reason): self.log.notice("the run is being ended", metadata: ["reason": "\(reason)"])
        case .runFinished(let outcome): self.finished(outcome)
        }
    }

    private func failed(_ attempt: AttemptID, _ failure: TaskFailure, _ retryAfter: Double?, _ caughtInto: String?) {
        var fields = self.fields(attempt, ["code": "\(failure.code.rawValue)", "failure": "\(failure.message)"])
        if let node = failure.node { fields["node"] = "\(node)" }
        if let retryAfter { fields["retryAfter"] = "\(retryAfter)" }
        if let caughtInto { fields["caughtInto"] = "\(caughtInto)" }
        self.log.warning("the attempt has failed", metadata: fields)
    }

    private func finished(_ outcome: RunOutcome) {
        switch outcome {
        case .succeeded: self.log.info("the run has succeeded")
        case .failed(let task, let failure):
            self.log.error(
                "the run has failed",
                metadata: ["task": "\(task.map { "\($0)" } ?? "none")", "failure": "\(failure.message)"])
        case .cancelled(let reason): self.log.notice("the run was cancelled", metadata: ["reason": "\(reason)"])
        }
    }

    /// The run goes on where another engine has stopped.
    func tookUp(events: Int, running: Int, ready: Int) {
        self.log.notice(
            "the run is taken up where another engine has stopped",
            metadata: ["events": "\(events)", "running": "\(running)", "ready": "\(ready)"])
    }

    func settled(_ attempt: AttemptID, _ outcome: String) {
        self.log.notice("an attempt of the engine before: \(outcome)", metadata: self.fields(attempt, [:]))
    }

    func stored(_ events: Int) { self.log.trace("events were stored", metadata: ["events": "\(events)"]) }

    private func fields(_ attempt: AttemptID, _ more: Logger.Metadata) -> Logger.Metadata {
        var fields = more
        fields["task"] = "\(attempt.step)/\(attempt.task)"
        fields["attempt"] = "\(attempt.attempt)"
        return fields
    }
}
