import FoundationEssentials
package import MusterModel
package import MusterStore
import MusterSystem
import MusterWire

/// A gang of several nodes, or one at a place with a queue, as it stands now or stood at its end.
package struct GangView: Encodable, Sendable, Equatable {
    package struct Node: Encodable, Sendable, Equatable {
        package var node: Int
        package var state: NodeState
        package var host: String?
        /// The last line that one of the user's processes wrote there.
        package var lastLine: String?
    }

    /// The place with a queue that it is at; nil for this machine.
    package var place: String?
    /// The place's own name for its job, once that was accepted.
    package var job: String?
    /// Why the job waits, in the scheduler's words, and what can be done about it; nil when it does not wait.
    package var waits: String?
    package var nodes: [Node]
    /// Unix seconds at which its nodes were together, and at which it ended; nil before.
    package var started: Double?
    package var finished: Double?
}

extension GangView {
    /// The gang of one of the task's attempts; nil for one node on this machine, and for a task that was not started.
    ///
    /// The nodes' own words go before the engine's record, so that it is right also while no engine lives.
    /// - Parameter attempt: Counted from 0; the last one without it.
    package init?(of task: RunTask, attempt: Int? = nil, in state: RunState, _ layout: StoreLayout) {
        let place = state.record.manifest.step(task.step)?.settings.place?.name
        guard task.attempts > 0, task.size > 1 || task.job != nil else { return nil }
        let isLast = attempt == nil || attempt == task.attempts - 1
        let attempt = AttemptID(
            flow: state.record.flow, run: state.record.run, step: task.step, task: task.number,
            attempt: attempt ?? task.attempts - 1)
        var record =
            GangRecord(path: layout.gangFile(attempt))
            ?? GangRecord(nodes: Array(repeating: GangRecord.Node(state: .starting), count: task.size))
        if let report = Self.report(attempt, layout) {
            record.waits = nil
            for node in report.nodes { record.set(node.index, NodeState(report: node.status)) }
            // Of a gang that was never together there is no start.
            self.started = report.started > 0 ? report.started : nil
            self.finished = report.finished > 0 ? report.finished : nil
        } else if isLast, task.job != nil, case .running = task.status {
            record.hear(AttemptFolder(prefix: layout.attemptPrefix(attempt)))
        }
        self.place = task.job == nil ? nil : place
        self.job = isLast ? task.job : nil
        self.waits = record.waits
        self.nodes = record.nodes.enumerated().map { index, node in
            Node(
                node: index, state: node.state, host: node.host,
                lastLine: LastWords.line(of: layout.logFile(attempt, node: index)))
        }
    }

    private static func report(_ attempt: AttemptID, _ layout: StoreLayout) -> GangReport? {
        FileContents.read(layout.reportFile(attempt)).flatMap {
            try? JSONDecoder().decode(GangReport.self, from: Data($0))
        }
    }
}

extension GangRecord {
    fileprivate mutating func set(_ node: Int, _ state: NodeState) {
        if self.nodes.indices.contains(node) { self.nodes[node].state = state }
    }

    /// Takes over what the nodes have written into the store. An object that cannot be read counts as absent.
    fileprivate mutating func hear(_ folder: AttemptFolder) {
        if let sign = try? folder.value(LifeSign.self, of: .alive) {
            self.waits = nil
            for (node, host) in sign.hosts.enumerated() where self.nodes.indices.contains(node) && !host.isEmpty {
                self.nodes[node].host = host
            }
        }
        var reader = StatusReader()
        for status in (try? reader.next(in: folder)) ?? [] {
            switch status {
            case .joined(let node): self.set(node, .joined)
            case .started(let node): self.set(node, .running)
            case .ended(let node, let status): self.set(node, NodeState(report: status))
            case .listening, .formed, .log, .finished, .reported, .controlLost, .ready: break
            }
        }
        // Node 0 tells of itself alone that the body has started; all nodes are told to start it at one time.
        guard self.nodes.contains(where: { $0.state == .running }) else { return }
        for node in self.nodes.indices where self.nodes[node].state == .joined { self.nodes[node].state = .running }
    }
}

extension NodeState {
    fileprivate init(report status: NodeReport.Status) {
        switch status {
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .stopped: self = .stopped
        }
    }
}
