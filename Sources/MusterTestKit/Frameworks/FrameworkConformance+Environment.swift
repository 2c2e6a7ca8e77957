import MusterFrameworks
import MusterModel

/// Rules about the environment of processes.
extension FrameworkConformance {
    /// - Parameter environment: The environment of the context from which the process was planned.
    func checkEnvironment(
        _ process: PlannedProcess, _ environment: [String: String], _ trial: Trial, _ node: Int, _ report: Report
    ) {
        let place = "\(trial), node \(node), \(process.label)"
        for name in environment.keys.sorted()
        where !self.subject.variables.contains(name) && !process.environment[name].keeps(environment[name], of: name) {
            let fate = process.environment[name].map { "'\($0)'" } ?? "gone"
            report(
                FrameworkProblem(
                    rule: name.isIdentity ? .identity : .environment, place: place,
                    detail: "\(name) was '\(environment[name] ?? "")' and is \(fate)"))
        }
        for name in process.environment.keys.sorted() where name.isIdentity && environment[name] == nil {
            report(FrameworkProblem(rule: .identity, place: place, detail: "\(name) is made up"))
        }
    }

    /// Variables that a launch adds on its own are only defaults, unless the framework claims them.
    func checkDefaults(
        _ launch: Trial.Launch, _ trial: Trial, _ options: [String: JSONValue], _ place: String, _ report: Report
    ) throws(FrameworkError) {
        var added: Set<String> = []
        for (plan, context) in zip(launch.plans, launch.contexts) {
            for process in plan.processes {
                added.formUnion(process.environment.keys.filter { context.environment[$0] == nil })
            }
        }
        for name in added.subtracting(self.subject.variables).sorted() where !name.isIdentity {
            var other = trial
            other.environment[name] = "the user's"
            for process in try other.launch(options).plans.flatMap(\.processes)
            where process.environment[name] != "the user's" {
                report(
                    FrameworkProblem(
                        rule: .environment, place: "\(place), \(process.label)",
                        detail: "the launch overwrites the user's \(name) with '\(process.environment[name] ?? "")'"))
            }
        }
    }
}

extension String {
    /// True for variables that identify the node.
    var isIdentity: Bool { NodeEnvironment.isIdentity(self) }

    /// True if this path lies below `folder` and contains no `..`.
    func isBelow(_ folder: String) -> Bool {
        self.hasPrefix(folder + "/") && !self.split(separator: "/", omittingEmptySubsequences: false).contains("..")
    }
}

extension String? {
    /// Bytes are compared, because Swift's `==` treats canonically equivalent texts as equal.
    func isSame(as other: String?) -> Bool {
        self.map { Array($0.utf8) } == other.map { Array($0.utf8) }
    }

    /// True if this value of a variable is `other`. Folders may stand before those of the PATH.
    fileprivate func keeps(_ other: String?, of name: String) -> Bool {
        if name == "PATH", let self, let other, self.utf8.count > other.utf8.count {
            return (":" + other).utf8.elementsEqual(self.utf8.suffix(other.utf8.count + 1))
        }
        return self.isSame(as: other)
    }
}
