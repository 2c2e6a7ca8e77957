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
        for task in self.tasks.filter(\.showsGang).prefix(Self.listed) { text += "\n\(task.gangText)" }
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

extension StatusReport.Task {
    /// Nodes beyond this many are counted, not listed.
    private static let listed = 16

    /// A gang that is over and has succeeded is a row of the table like any other task.
    fileprivate var showsGang: Bool {
        self.gang != nil && (self.status == "running" || self.status == "interrupted" || self.status == "failed")
    }

    /// The gang's place, and its nodes, lines ended by newlines.
    fileprivate var gangText: String {
        guard let gang else { return "" }
        let name = "\(self.step)/\(self.task)"
        var text = ""
        if let line = gang.line { text = "\(name) \(line)\n" }
        guard gang.waits == nil, gang.nodes.contains(where: { $0.state != .starting || $0.host != nil }) else {
            return text
        }
        var table = Table("NODE", "HOST", "STATE", "LAST LINE")
        for node in gang.nodes.prefix(Self.listed) {
            table.append("\(name)[\(node.node)]", node.host ?? "", node.state.rawValue, node.lastLine ?? "")
        }
        text += table.text
        if gang.nodes.count > Self.listed { text += "… and \(gang.nodes.count - Self.listed) more; --json has all\n" }
        return text
    }
}

extension GangView {
    /// The place, the job, and why it waits; nil for a gang on this machine.
    var line: String? {
        guard let job else { return nil }
        let queue = "is at \(self.place ?? "its place") as job \(job)"
        return self.waits.map { "\(queue) and waits: \($0)" } ?? queue
    }
}
