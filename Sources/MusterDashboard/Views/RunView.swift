import MusterHistory
import MusterModel
import MusterStore

/// The answer to `GET /api/runs/FLOW/RUN`.
struct RunView: LiveView {
    /// Failures that are shown.
    private static let mostFailures = 20

    struct Edge: Encodable, Sendable, Equatable {
        /// `step`, `branches`, `foreach` or `nodes`.
        let kind: String
        let targets: [String]
    }

    struct Step: Encodable, Sendable, Equatable {
        let name: String
        let summary: String?
        let isJoin: Bool
        let isGang: Bool
        let place: String?
        let decorators: [DecoratorManifest]
        let edges: [Edge]
    }

    struct Task: Encodable, Sendable, Equatable {
        let task: Int
        let step: String
        let status: String
        /// Of its gang.
        let nodes: Int
        let clonedFrom: String?
        let attempts: [Attempt]
    }

    struct Attempt: Encodable, Sendable, Equatable {
        /// Unix seconds.
        let started: Double
        let ended: Double?
        let end: AttemptTimes.End?

        init(_ times: AttemptTimes) {
            self.started = times.started
            self.ended = times.ended
            self.end = times.end
        }
    }

    struct Failure: Encodable, Sendable, Equatable {
        let task: Int
        let step: String
        /// Counted from 0.
        let attempt: Int
        let failure: TaskFailure
    }

    let flow: String
    let run: String
    let status: RunStatus
    /// Unix seconds.
    let created: Double
    let finished: Double?
    /// The server's clock, in Unix seconds.
    var now: Double
    let user: String
    let originRun: String?
    let summary: String?
    let language: String
    let program: [String]
    let package: String
    let isIsolated: Bool
    let parameters: [String: VerbatimJSON]
    let tags: [String]
    let steps: [Step]
    var tasks: [Task]
    let failures: [Failure]

    init(_ state: RunState, tags: [String], now: Double) {
        let record = state.record
        self.flow = record.flow
        self.run = record.run
        self.status = state.status
        self.created = record.created
        self.finished = record.finished
        self.now = now
        self.user = record.user
        self.originRun = record.originRun
        self.summary = record.manifest.summary
        self.language = record.manifest.language
        self.program = record.program
        self.package = record.package
        self.isIsolated = record.isIsolated ?? false
        self.parameters = record.shownParameters
        self.tags = tags
        self.steps = record.manifest.steps.map(Step.init)
        self.tasks = state.machine.tasks.map { Task($0, in: state) }
        self.failures = Self.failures(in: state)
    }

    var isFinal: Bool { self.finished != nil }

    func changed(since earlier: RunView) -> RunView? {
        var changed = self
        let before = earlier.tasks
        changed.tasks = self.tasks.enumerated().filter { !before.indices.contains($0) || before[$0] != $1 }.map(\.1)
        let isSame =
            changed.tasks.isEmpty && self.status == earlier.status && self.tags == earlier.tags
            && self.finished == earlier.finished && self.failures == earlier.failures
        return isSame ? nil : changed
    }

    /// The failures that the run fails of, in the order in which they came.
    private static func failures(in state: RunState) -> [Failure] {
        let failed = state.machine.tasks.filter { $0.status == .failed && $0.failure?.code != .cancelled }
        return failed.sorted { (state.finished($0) ?? 0, $0.number) < (state.finished($1) ?? 0, $1.number) }
            .prefix(self.mostFailures).compactMap { task in
                task.failure.map {
                    Failure(task: task.number, step: task.step, attempt: max(task.attempts - 1, 0), failure: $0)
                }
            }
    }
}

extension RunView.Step {
    fileprivate init(_ step: StepManifest) {
        self.name = step.name
        self.summary = step.summary
        self.isJoin = step.join != nil
        self.isGang = step.settings.isGang
        self.place = step.settings.place?.name
        self.decorators = step.decorators
        self.edges = step.edges.map(RunView.Edge.init)
    }
}

extension RunView.Edge {
    fileprivate init(_ edge: MusterModel.Edge) {
        self.kind =
            switch edge {
            case .step: "step"
            case .branches: "branches"
            case .foreach: "foreach"
            case .nodes: "nodes"
            }
        self.targets = edge.targets
    }
}

extension RunView.Task {
    fileprivate init(_ task: RunTask, in state: RunState) {
        self.task = task.number
        self.step = task.step
        self.status = state.word(for: task)
        self.nodes = task.size
        self.clonedFrom = task.clonedFrom
        self.attempts = state.attempts(of: task).map(RunView.Attempt.init)
    }
}
