import MusterModel

/// How a run stands: what `muster status --json` prints, and its text for people. A value.
struct StatusReport: Encodable {
    struct Task: Encodable {
        var step: String
        var task: Int
        var status: String
        /// Nodes of its gang.
        var nodes: Int
        /// Attempts that were started.
        var attempts: Int
        var seconds: Double?
        /// `run/task` that it was taken over from.
        var clonedFrom: String?
        var failure: TaskFailure?
    }

    var flow: String
    var run: String
    var status: RunStatus
    var originRun: String?
    var created: Double
    var seconds: Double?
    var parameters: [String: VerbatimJSON]
    var tasks: [Task]
    /// The command that goes on with the run.
    private let resume: String

    private enum CodingKeys: String, CodingKey {
        case flow, run, status, originRun, created, seconds, parameters, tasks
    }

    /// More tasks than this are counted by step, for people.
    private static let listed = 50

    init(_ state: RunState, resume: ResumeCommand, now: Double) {
        let record = state.record
        self.resume = resume.line(run: record.run)
        self.flow = record.flow
        self.run = record.run
        self.status = state.status
        self.originRun = record.originRun
        self.created = record.created
        self.seconds = (record.finished ?? (state.status == .running ? now : nil)).map { $0 - record.created }
        let kinds = Dictionary(record.manifest.parameters.map { ($0.name, $0.kind) }) { first, _ in first }
        self.parameters = record.parameters.reduce(into: [:]) {
            $0[$1.key] = $1.value.verbatim(kinds[$1.key] ?? .string)
        }
        self.tasks = state.machine.tasks.map { task in
            Task(
                step: task.step, task: task.number, status: state.word(for: task), nodes: task.size,
                attempts: task.attempts, seconds: state.seconds(of: task, now: now), clonedFrom: task.clonedFrom,
                failure: task.failure)
        }
    }

    /// Lines ended by newlines.
    var text: String {
        var text = "\(self.flow)/\(self.run)  \(self.status.rawValue)"
        if let seconds = self.seconds { text += "  \(TimeText.duration(seconds))" }
        text += "\nstarted \(TimeText.moment(self.created))"
        if let originRun = self.originRun { text += ", resumes \(originRun)" }
        text += "\n\n\(self.tasks.count > Self.listed ? self.stepTable : self.taskTable)"
        for task in self.tasks {
            guard let failure = task.failure, task.status != "succeeded" || task.attempts > 1 else { continue }
            let lines = FailureText.lines(failure, of: "\(task.step)/\(task.task)")
            text += "\n" + lines.map { "\($0)\n" }.joined()
        }
        if self.status == .interrupted { text += "\nno engine moves this run; go on with it by: \(self.resume)\n" }
        return text
    }

    private var taskTable: String {
        var table = Table("TASK", "STATUS", "NODES", "ATTEMPTS", "TOOK")
        for task in self.tasks {
            table.append(
                "\(task.step)/\(task.task)", task.status, "\(task.nodes)", "\(task.attempts)",
                task.seconds.map(TimeText.duration) ?? "")
        }
        return table.text
    }

    private var stepTable: String {
        var table = Table("STEP", "STATUS", "TASKS")
        var seen: [String] = []
        for task in self.tasks where !seen.contains(task.step) { seen.append(task.step) }
        for step in seen {
            let tasks = self.tasks.filter { $0.step == step }
            for status in Set(tasks.map(\.status)).sorted() {
                table.append(step, status, "\(tasks.count { $0.status == status })")
            }
        }
        return table.text
    }
}
