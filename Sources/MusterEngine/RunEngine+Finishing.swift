import Foundation
import MusterBackends
import MusterModel
import MusterStore
import MusterWire

/// From reports to events.
extension RunEngine {
    /// The events that an observation makes; what is for people only is passed on.
    func events(of observation: GangObservation) throws -> [RunEvent] {
        let attempt = observation.attempt
        switch observation.event {
        case .finished(let report):
            return try self.finish(attempt, report)
        case .submitted(let job):
            self.observe(
                .attemptSubmitted(attempt: attempt, place: self.runner(of: self.machine[attempt.task]).name, job: job))
            return [.attemptSubmitted(task: attempt.task, attempt: attempt.attempt, job: job)]
        case .joined, .started, .log, .ended, .warning, .waiting, .placed:
            self.relay(observation)
            return []
        }
    }

    /// The events that a gang's report makes; gives back what the gang held.
    func finish(_ attempt: AttemptID, _ report: GangReport) throws -> [RunEvent] {
        self.reservations[self.runner(of: self.machine[attempt.task]).name]?.release(attempt)
        let task = self.machine[attempt.task]
        let failure = report.failure ?? self.problem(with: report, of: task)
        guard let failure else {
            let results = report.nodes.compactMap(\.result)
            self.observe(.attemptFinished(attempt: attempt, failure: nil, retryAfter: nil, caughtInto: nil))
            return [.attemptSucceeded(task: task.number, attempt: attempt.attempt, nodes: results)]
        }
        let caught = try self.caught(failure, report, task)
        self.observe(
            .attemptFinished(
                attempt: attempt, failure: failure,
                retryAfter: self.machine.retryDelay(after: failure, of: task.number),
                caughtInto: caught == nil ? nil : self.record.manifest.step(task.step)?.settings.catchInto))
        return [
            .attemptFailed(
                task: task.number, attempt: attempt.attempt, failure: failure, caught: caught,
                left: caught == nil ? Self.left(report) : nil)
        ]
    }

    /// The artifacts of a failed attempt that people can read, by node.
    private static func left(_ report: GangReport) -> [Int: [String: ArtifactReference]]? {
        let nodes = report.nodes.compactMap { node in (node.result?.artifacts ?? node.left).map { (node.index, $0) } }
        return nodes.isEmpty ? nil : Dictionary(nodes) { first, _ in first }
    }

    private func problem(with report: GangReport, of task: RunTask) -> TaskFailure? {
        let results = report.nodes.compactMap(\.result)
        return TransitionRules.problem(
            with: results, of: task, waitingJoin: self.machine.joinAwaited(by: task), in: self.record.manifest)
            ?? self.fanOutLimit?.problem(with: results.first?.transition, of: task.step)
    }

    private func caught(_ failure: TaskFailure, _ report: GangReport, _ task: RunTask) throws -> [NodeResult]? {
        guard self.machine.retryDelay(after: failure, of: task.number) == nil,
            let step = self.record.manifest.step(task.step)
        else { return nil }
        return try CaughtResults.make(
            step: step, size: task.size, nodes: report.nodes,
            inherited: self.inputs(of: task).first?.artifacts ?? [:], failure: failure
        ) { try self.artifacts.put($0, encoding: .json) }
    }

    /// Passes on what is for people only.
    func relay(_ observation: GangObservation) {
        let attempt = observation.attempt
        switch observation.event {
        case .joined(let node): self.observe(.nodeState(attempt: attempt, node: node, state: .joined))
        case .started(let node): self.observe(.nodeState(attempt: attempt, node: node, state: .running))
        case .log(let node, let bytes):
            self.observe(
                .log(attempt: attempt, node: node, path: self.layout.logFile(attempt, node: node), bytes: bytes))
        case .ended(let node, let status):
            self.observe(.nodeState(attempt: attempt, node: node, state: NodeState(status)))
        case .warning(let problem):
            self.observe(.warning("\(TaskLabel(step: attempt.step, number: attempt.task)): \(problem)"))
        case .waiting(let reason): self.observe(.attemptWaiting(attempt: attempt, reason: reason))
        case .placed(let hosts): self.observe(.attemptPlaced(attempt: attempt, hosts: hosts))
        case .submitted, .finished: break
        }
    }
}

extension NodeState {
    init(_ status: NodeReport.Status) {
        switch status {
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .stopped: self = .stopped
        }
    }
}
