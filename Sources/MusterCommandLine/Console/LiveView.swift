import MusterModel

/// The state of the live view: observations change it, and it renders into lines.
struct LiveView {
    private struct Step {
        var waiting = 0
        var running = 0
        var succeeded = 0
        var failed = 0
        var reused = 0
    }

    private struct Gang {
        var nodes: [NodeState]
        var started: Double
        /// The place's name and the job's, once the gang is in a queue.
        var queue: String?
        /// Why it waits there.
        var reason: String?

        /// The nodes' states, or the queue while no node has been started.
        var text: String {
            guard let queue, self.nodes.allSatisfy({ $0 == .starting }) else { return LiveView.text(self.nodes) }
            return self.reason.map { "\(queue): \($0)" } ?? queue
        }
    }

    /// Gangs beyond this many are counted, not listed.
    private static let listed = 6

    private var run: RunSummary?
    private var started = 0.0
    private var steps: [String: Step] = [:]
    private var gangs: [AttemptID: Gang] = [:]
    private var order: [AttemptID] = []
    private var environment: String?
    private var isCancelling = false

    mutating func apply(_ observation: EngineObservation, at time: Double) {
        switch observation {
        case .runStarted(let run):
            self.run = run
            self.started = time
        case .tasksReused(let step, let count): self.steps[step, default: Step()].reused += count
        case .log, .warning: break
        case .attemptSubmitted(let attempt, let place, let job): self.gangs[attempt]?.queue = "\(place) job \(job)"
        case .attemptPlaced(let attempt, _): self.gangs[attempt]?.reason = "starts"
        case .attemptWaiting(let attempt, let reason): self.gangs[attempt]?.reason = reason
        case .attemptStarted(let attempt, let nodes):
            self.environment = nil
            self.steps[attempt.step, default: Step()].running += 1
            self.gangs[attempt] = Gang(nodes: Array(repeating: .starting, count: max(1, nodes)), started: time)
            self.order.append(attempt)
        case .nodeState(let attempt, let node, let state):
            guard self.gangs[attempt]?.nodes.indices.contains(node) == true else { return }
            self.gangs[attempt]?.nodes[node] = state
        case .attemptFinished(let attempt, let failure, let retryAfter, let caughtInto):
            self.finish(
                attempt, failed: failure != nil && retryAfter == nil && caughtInto == nil, again: retryAfter != nil)
        case .environment(let step, let message): self.environment = "\(step): \(message)"
        case .cancelling: self.isCancelling = true
        case .runFinished:
            self.gangs = [:]
            self.order = []
        }
    }

    private mutating func finish(_ attempt: AttemptID, failed: Bool, again: Bool) {
        self.gangs[attempt] = nil
        self.order.removeAll { $0 == attempt }
        self.steps[attempt.step]?.running -= 1
        if failed {
            self.steps[attempt.step]?.failed += 1
        } else if !again {
            self.steps[attempt.step]?.succeeded += 1
        }
    }

    /// True for a message that is printed above the view; false for one whose facts the view shows.
    func scrolls(_ message: PlainMessages.Message) -> Bool {
        message.isTrouble || message.text.hasPrefix("run ") || message.text.contains("taken over")
    }

    // MARK: - Rendering

    /// The lines of the view, each within `columns`, at most `rows` - 1 of them.
    func frame(columns: Int, rows: Int, at time: Double) -> [String] {
        guard let run = self.run else { return [] }
        let state = self.isCancelling ? " · stopping" : ""
        var lines = ["── \(run.flow)/\(run.run) · \(TimeText.duration(time - self.started))\(state)"]
        for name in run.steps {
            lines.append(self.line(of: name, width: run.steps.map(\.count).max() ?? 0))
            let gangs = self.order.filter { $0.step == name }
            for attempt in gangs.prefix(Self.listed) { lines.append(self.line(of: attempt, at: time)) }
            if gangs.count > Self.listed { lines.append("      … and \(gangs.count - Self.listed) more") }
        }
        if let environment = self.environment { lines.append("  \(environment)") }
        // The last column stays empty: some terminals wrap when it is written to.
        return lines.suffix(max(1, rows - 1)).map { TerminalText.fitted($0, columns - 1) }
    }

    private func line(of name: String, width: Int) -> String {
        let step = self.steps[name] ?? Step()
        let mark =
            step.failed > 0 ? "✗" : step.running > 0 ? "▶" : step.succeeded + step.reused > 0 ? "✓" : "·"
        let counts = [
            (step.running, "running"), (step.succeeded, "done"), (step.reused, "taken over"), (step.failed, "failed"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        let padding = String(repeating: " ", count: max(0, width - name.count))
        return counts.isEmpty ? "  \(mark) \(name)" : "  \(mark) \(name)\(padding)  \(counts)"
    }

    private func line(of attempt: AttemptID, at time: Double) -> String {
        guard let gang = self.gangs[attempt] else { return "" }
        let again = attempt.attempt > 0 ? " attempt \(attempt.attempt)" : ""
        return
            "      \(Attribution.text(attempt))\(again)  \(gang.text)  \(TimeText.duration(time - gang.started))"
    }

    /// Few nodes one by one, many by their states.
    private static func text(_ nodes: [NodeState]) -> String {
        if nodes.count == 1 { return nodes[0].rawValue }
        if nodes.count <= 8 {
            return nodes.enumerated().map { "[\($0)] \($1.rawValue)" }.joined(separator: " ")
        }
        let counts = NodeState.allCases.compactMap { state in
            let count = nodes.count { $0 == state }
            return count > 0 ? "\(count) \(state.rawValue)" : nil
        }
        return "\(nodes.count) nodes: \(counts.joined(separator: ", "))"
    }
}
