import Foundation
import MusterHistory
import MusterModel
import MusterStore

/// Observations as JSON lines, for `muster run --json`. The page `Documentation/CommandLine.md` lists them.
enum JSONEvents {
    static func line(for observation: EngineObservation, at time: Double) -> String? {
        guard var event = self.event(observation) else { return nil }
        event["time"] = .double(time)
        return try? JSONText.line(JSONValue.object(event))
    }

    /// A line that a process wrote; bytes that are no UTF-8 come in base64.
    static func line(for line: LogLine, _ attempt: AttemptID, node: Int) -> String? {
        var event = self.place(attempt, "output")
        event["node"] = .int(node)
        event["process"] = .int(line.process)
        event["stream"] = .string(line.stream == .standardOutput ? "stdout" : "stderr")
        event["time"] = .double(Double(line.time) / 1e6)
        if let text = String(data: line.bytes, encoding: .utf8) {
            event["text"] = .string(text)
        } else {
            event["base64"] = .string(line.bytes.base64EncodedString())
        }
        return try? JSONText.line(JSONValue.object(event))
    }

    private static func event(_ observation: EngineObservation) -> [String: JSONValue]? {
        switch observation {
        case .runStarted(let run):
            return [
                "event": .string("run-started"), "flow": .string(run.flow), "run": .string(run.run),
                "originRun": run.originRun.map { .string($0) } ?? .null, "store": .string(run.store),
                "steps": .array(run.steps.map { .string($0) }),
            ]
        case .tasksReused(let step, let count):
            return ["event": .string("tasks-reused"), "step": .string(step), "count": .int(count)]
        case .attemptStarted(let attempt, let nodes):
            return self.place(attempt, "attempt-started").merging(["nodes": .int(nodes)]) { $1 }
        case .attemptSubmitted(let attempt, let place, let job):
            let fields: [String: JSONValue] = ["place": .string(place), "job": .string(job)]
            return self.place(attempt, "attempt-submitted").merging(fields) { $1 }
        case .attemptWaiting(let attempt, let reason):
            return self.place(attempt, "attempt-waiting").merging(["reason": .string(reason)]) { $1 }
        case .attemptPlaced(let attempt, let hosts):
            return self.place(attempt, "attempt-placed").merging(["hosts": .array(hosts.map { .string($0) })]) { $1 }
        case .nodeState(let attempt, let node, let state):
            return self.place(attempt, "node").merging(["node": .int(node), "state": .string(state.rawValue)]) { $1 }
        case .log: return nil
        case .attemptFinished(let attempt, let failure, let retryAfter, let caughtInto):
            var event = self.place(attempt, "attempt-finished")
            event["failure"] = self.value(failure)
            event["retryAfter"] = retryAfter.map { .double($0) } ?? .null
            event["caughtInto"] = caughtInto.map { .string($0) } ?? .null
            return event
        case .warning(let text): return ["event": .string("warning"), "message": .string(text)]
        case .environment(let step, let message):
            return ["event": .string("environment"), "step": .string(step), "message": .string(message)]
        case .cancelling(let reason): return ["event": .string("cancelling"), "reason": .string(reason)]
        case .runFinished(let outcome): return self.outcome(outcome)
        }
    }

    private static func place(_ attempt: AttemptID, _ event: String) -> [String: JSONValue] {
        [
            "event": .string(event), "step": .string(attempt.step), "task": .int(attempt.task),
            "attempt": .int(attempt.attempt),
        ]
    }

    private static func outcome(_ outcome: RunOutcome) -> [String: JSONValue] {
        var event: [String: JSONValue] = ["event": .string("run-finished")]
        switch outcome {
        case .succeeded: event["status"] = .string("succeeded")
        case .failed(let task, let failure):
            event["status"] = .string("failed")
            event["task"] = task.map { .string("\($0)") } ?? .null
            event["failure"] = self.value(failure)
        case .cancelled(let reason):
            event["status"] = .string("cancelled")
            event["reason"] = .string(reason)
        }
        return event
    }

    private static func value(_ failure: TaskFailure?) -> JSONValue {
        failure.flatMap { try? JSONValue(encoding: $0) } ?? .null
    }
}
