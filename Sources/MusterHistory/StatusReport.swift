package import MusterModel
package import MusterStore

/// The state of a run and of its tasks. Its JSON is the output of `muster status --json`.
package struct StatusReport: Encodable, Sendable {
    package struct Task: Encodable, Sendable {
        package var step: String
        package var task: Int
        package var status: String
        /// Nodes of its gang.
        package var nodes: Int
        /// Attempts that were started.
        package var attempts: Int
        package var seconds: Double?
        /// `run/task` that it was taken over from.
        package var clonedFrom: String?
        package var failure: TaskFailure?
        /// Its nodes and its place; nil for one node on this machine.
        package var gang: GangView?
    }

    package var flow: String
    package var run: String
    package var status: RunStatus
    package var originRun: String?
    package var created: Double
    package var seconds: Double?
    package var parameters: [String: VerbatimJSON]
    package var tasks: [Task]

    /// - Parameter layout: The store, where gangs and their nodes say how they stand.
    package init(_ state: RunState, in layout: StoreLayout, now: Double) {
        let record = state.record
        self.flow = record.flow
        self.run = record.run
        self.status = state.status
        self.originRun = record.originRun
        self.created = record.created
        self.seconds = (record.finished ?? (state.status == .running ? now : nil)).map { $0 - record.created }
        self.parameters = record.shownParameters
        self.tasks = state.machine.tasks.map { task in
            Task(
                step: task.step, task: task.number, status: state.word(for: task), nodes: task.size,
                attempts: task.attempts, seconds: state.seconds(of: task, now: now), clonedFrom: task.clonedFrom,
                failure: task.failure, gang: GangView(of: task, in: state, layout))
        }
    }
}

extension RunRecord {
    /// The parameters' values as people read them.
    package var shownParameters: [String: VerbatimJSON] {
        let kinds = Dictionary(self.manifest.parameters.map { ($0.name, $0.kind) }) { first, _ in first }
        return self.parameters.reduce(into: [:]) { $0[$1.key] = $1.value.verbatim(kinds[$1.key] ?? .string) }
    }
}
