import MusterModel

/// The lines about a run for people: observations in, lines out.
struct PlainMessages {
    /// A line, and whether it is worth showing where only trouble is shown.
    struct Message: Equatable {
        var text: String
        var isTrouble = false
    }

    /// The command that resumes the run.
    private let resume: String
    private var nodes: [AttemptID: Int] = [:]
    private var run: RunSummary?

    init(resume: String) { self.resume = resume }

    mutating func messages(for observation: EngineObservation) -> [Message] {
        switch observation {
        case .runStarted(let run):
            self.run = run
            let origin = run.originRun.map { ", resuming \($0)" } ?? ""
            return [Message(text: "run \(run.flow)/\(run.run) started\(origin)")]
        case .tasksReused(let step, let count):
            return [Message(text: "\(step): \(Count.text(count, "finished task")) taken over")]
        case .attemptStarted(let attempt, let nodes):
            self.nodes[attempt] = nodes
            let again = attempt.attempt > 0 ? " again (attempt \(attempt.attempt))" : ""
            let size = nodes > 1 ? " on \(nodes) nodes" : ""
            return [Message(text: "\(Attribution.text(attempt)) started\(again)\(size)")]
        case .attemptSubmitted(let attempt, let place, let job):
            return [Message(text: "\(Attribution.text(attempt)) submitted to \(place) as job \(job)")]
        case .attemptWaiting(let attempt, let reason):
            return [Message(text: "\(Attribution.text(attempt)) waits: \(reason)")]
        case .attemptPlaced(let attempt, let hosts):
            return hosts.isEmpty
                ? [] : [Message(text: "\(Attribution.text(attempt)) runs on \(hosts.joined(separator: ", "))")]
        case .nodeState(let attempt, let node, let state):
            // The messages of a task with one node already tell its node's state.
            guard self.nodes[attempt] ?? 1 > 1 else { return [] }
            return [
                Message(text: "\(Attribution.text(attempt, node: node)) \(state.rawValue)", isTrouble: state == .failed)
            ]
        case .log: return []
        case .attemptFinished(let attempt, let failure, let retryAfter, let caughtInto):
            self.nodes[attempt] = nil
            return self.finished(attempt, failure, retryAfter, caughtInto)
        case .warning(let text): return [Message(text: "warning: \(text)", isTrouble: true)]
        case .environment(let step, let message): return [Message(text: "\(step): \(message)")]
        case .cancelling(let reason):
            return [Message(text: "stopping the run: \(reason)", isTrouble: true)]
        case .runFinished(let outcome): return self.over(outcome)
        }
    }

    private func finished(
        _ attempt: AttemptID, _ failure: TaskFailure?, _ retryAfter: Double?, _ caughtInto: String?
    ) -> [Message] {
        let name = Attribution.text(attempt)
        guard let failure else { return [Message(text: "\(name) succeeded")] }
        guard failure.code != .cancelled else { return [Message(text: "\(name) stopped")] }
        var messages = FailureText.lines(failure, of: name).map { Message(text: $0, isTrouble: true) }
        if let retryAfter {
            let wait = retryAfter > 0 ? "in \(TimeText.duration(retryAfter))" : "now"
            messages.append(Message(text: "\(name) is tried again \(wait)", isTrouble: true))
        } else if let caughtInto {
            messages.append(Message(text: "\(name): the failure was caught into \(caughtInto)", isTrouble: true))
        }
        return messages
    }

    private func over(_ outcome: RunOutcome) -> [Message] {
        let name = self.run.map { "\($0.flow)/\($0.run)" } ?? ""
        switch outcome {
        case .succeeded: return [Message(text: "run \(name) succeeded")]
        case .failed(let task, let failure):
            let place = task.map { " in \($0)" } ?? ""
            return [
                Message(text: "run \(name) failed\(place): \(failure.message)", isTrouble: true),
                Message(text: "mend it, then go on with: \(self.resume)", isTrouble: true),
            ]
        case .cancelled(let reason):
            return [Message(text: "run \(name) was cancelled: \(reason)", isTrouble: true)]
        }
    }
}

/// A failure as people read it.
enum FailureText {
    /// The message with its place, then the process's last lines.
    static func lines(_ failure: TaskFailure, of name: String) -> [String] {
        let place = failure.node.map { "\(name)[\($0)]" } ?? name
        return ["\(place) failed: \(failure.message)"] + failure.lastLines.map { "\(place) | \($0)" }
    }
}
