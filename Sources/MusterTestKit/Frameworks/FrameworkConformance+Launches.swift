import MusterFrameworks
import MusterModel

/// Rules about the processes of a launch.
extension FrameworkConformance {
    func checkLaunch(_ trial: Trial, _ options: [String: JSONValue], _ report: Report) {
        let place = "\(trial), launch \(JSONValue.object(options).text)"
        func problem(_ rule: FrameworkRule, _ detail: String) {
            report(FrameworkProblem(rule: rule, place: place, detail: detail))
        }
        do throws(FrameworkError) {
            let launch = try trial.launch(options)
            var again = trial
            again.isReordered = true
            if try !again.launch(options).plans.isIdentical(to: launch.plans) {
                problem(.deterministic, "the plans are others when they are asked for again")
            }
            self.checkRequests(launch.checked, bodies: try trial.setup().bodies, place, report)
            self.checkProcesses(launch, trial, place, report)
            self.checkHosts(launch.plans, place, report)
            for plan in launch.plans { self.checkReading(plan, place, report) }
            self.checkRanks(launch.plans, place, report)
            try self.checkPorts(launch.plans, trial, place, report) { other throws(FrameworkError) in
                try other.launch(options).plans
            }
            try self.checkDefaults(launch, trial, options, place, report)
        } catch {
            problem(.everySize, "it refuses: \(error.message)")
        }
    }

    private func checkRequests(
        _ checked: [CheckedLaunch], bodies: ClusterSetup.Bodies, _ place: String, _ report: Report
    ) {
        func problem(_ rule: FrameworkRule, _ detail: String) {
            report(FrameworkProblem(rule: rule, place: place, detail: detail))
        }
        let first = checked[0].request
        for (node, other) in checked.enumerated() {
            let request = other.request
            let isAlike =
                request.options == first.options && request.restarts == first.restarts
                && request.asker == first.asker && request.framework == first.framework
            if !isAlike { problem(.deterministic, "nodes 0 and \(node) check the same request and get different ones") }
            if request.processes < 0 { problem(.processes, "node \(node) is to start \(request.processes) processes") }
            if !other.survivesJSON { problem(.coding, "the checked request is another one after JSON") }
        }
        if first.framework != type(of: self.subject.framework).name {
            problem(.deterministic, "the request is for \(first.framework)")
        }
        if bodies == .controlNode, first.asker != .controlNode {
            problem(.bodies, "every node has to ask for the launch, but only the control node has a body that could")
        }
    }

    private func checkProcesses(_ launch: Trial.Launch, _ trial: Trial, _ place: String, _ report: Report) {
        func problem(_ rule: FrameworkRule, _ detail: String) {
            report(FrameworkProblem(rule: rule, place: place, detail: detail))
        }
        let labels = launch.plans.flatMap(\.processes).map(\.label)
        let twice = Dictionary(grouping: labels) { $0 }.filter { $0.value.count > 1 }.keys.min()
        if let twice { problem(.labels, "several processes are called '\(twice)'") }
        if labels.contains("") { problem(.labels, "a process has no name") }
        for (node, plan) in launch.plans.enumerated() {
            let folder = launch.contexts[node].folder
            let announced = launch.checked[node].request.processes
            // Fewer are fine: a launcher starts the rest.
            if plan.processes.count > announced || plan.processes.isEmpty != (announced == 0) {
                problem(.processes, "node \(node) announces \(announced) processes and plans \(plan.processes.count)")
            }
            for process in plan.processes {
                if process.arguments.first?.isEmpty ?? true { problem(.processes, "\(process.label) names no program") }
                self.checkEnvironment(process, launch.contexts[node].environment, trial, node, report)
            }
            let paths = plan.files.map(\.path) + plan.processes.compactMap(\.errorFile)
            for path in paths where !path.isBelow(folder) { problem(.files, "\(path) is not below \(folder)") }
            if Set(paths).count < paths.count { problem(.files, "several files of node \(node) have the same path") }
            if !plan.survivesJSON { problem(.coding, "the plan is another one after JSON") }
        }
    }

    private func checkHosts(_ plans: [LaunchPlan], _ place: String, _ report: Report) {
        guard let hosts = plans.compactMap(\.remote).first?.hosts else { return }
        let isWhole = Set(hosts.values) == Set(plans.indices) && hosts.count == plans.count
        guard !isWhole || plans.contains(where: { $0.remote?.hosts != hosts }) else { return }
        report(
            FrameworkProblem(
                rule: .hosts, place: place,
                detail: "the hosts \(hosts) are not the nodes, or not the same on every node"))
    }

    private func checkReading(_ plan: LaunchPlan, _ place: String, _ report: Report) {
        func problem(_ detail: String) { report(FrameworkProblem(rule: .exits, place: place, detail: detail)) }
        let reading = plan.reading
        func exit(_ role: ProcessExit.Role, _ code: Int?) -> ProcessExit {
            ProcessExit(label: role.rawValue, role: role, code: code, signal: code == nil ? 9 : nil)
        }
        let roles: [ProcessExit.Role] = [.planned, .remote, .watched]
        if reading.verdict(on: roles.map { exit($0, 0) }) != nil { problem("exit code 0 counts as a failure") }
        if (1...255).allSatisfy(reading.successCodes.contains) { problem("no exit code counts as a failure") }
        for role in roles where reading.verdict(on: [exit(role, nil)]) == nil {
            problem("a \(role) process that a signal ended is not to blame")
        }
        guard plan.remote != nil else { return }
        for role in [ProcessExit.Role.remote, .watched]
        where reading.verdict(on: [exit(.planned, nil), exit(role, nil)])?.role != role {
            problem("the launcher is blamed before the \(role) process that it speaks of")
        }
    }

    private func checkRanks(_ plans: [LaunchPlan], _ place: String, _ report: Report) {
        guard let names = self.subject.ranks else { return }
        let processes = plans.flatMap(\.processes).filter { $0.environment[names.rank] != nil }
        let ranks = processes.compactMap { $0.environment[names.rank].flatMap(Int.init) }
        let worlds = Set(processes.map { $0.environment[names.world] ?? "none" })
        guard ranks != Array(0..<processes.count) || !(worlds.isEmpty || worlds == ["\(processes.count)"]) else {
            return
        }
        report(
            FrameworkProblem(
                rule: .ranks, place: place,
                detail: "the ranks are \(ranks) of \(worlds.sorted().joined(separator: ", "))"))
    }

    // MARK: Arguments

    /// Arguments that careless shells, option parsers and encodings change.
    private static let trickyArguments = [
        "", " ", "two words", "--name=value=more", "it's", "say \"hello\"", "back\\slash", "$HOME ${PATH} `id` $(id)",
        "line\nbreak\ttab", "gr\u{fc}n \u{4e2d}\u{6587} \u{1f680}", "e\u{301} and \u{e9}", "*?[a-z]{1,2}~",
        "a;b|c&d>e<f#g!h",
        "-n", "--", "%d %s", "",
    ]

    func checkArguments(_ trial: Trial, _ report: Report) {
        guard let ask = self.subject.launch, (try? trial.launch(ask(["plain"]))) != nil else { return }
        let options = ask(Self.trickyArguments)
        guard let launch = try? trial.launch(options) else {
            return report(
                FrameworkProblem(
                    rule: .arguments, place: "\(trial)", detail: "arguments with odd characters are refused"))
        }
        let given = Self.trickyArguments.map { Array($0.utf8) }
        let arrives = launch.plans.flatMap(\.processes).contains { process in
            let all = process.arguments.map { Array($0.utf8) }
            guard all.count >= given.count else { return false }
            return (0...(all.count - given.count)).contains { all[$0..<$0 + given.count].elementsEqual(given) }
        }
        guard !arrives else { return }
        let plan = launch.plans.flatMap(\.processes).map(\.arguments)
        report(
            FrameworkProblem(
                rule: .arguments, place: "\(trial)", detail: "no process gets the arguments as they are: \(plan)"))
    }
}
