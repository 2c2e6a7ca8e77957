import MusterHistory
import MusterModel

extension StatusReport {
    /// A run with more tasks gets a table of its steps instead of its tasks.
    private static let listed = 50

    /// The text of `muster status`, lines ended by newlines.
    func text(resume: ResumeCommand) -> String {
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
        if self.status == .interrupted {
            text += "\nno engine moves this run; go on with it by: \(resume.line(run: self.run))\n"
        }
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
