import MusterFrameworks
import MusterModel

/// Rules about the services, which are ready before the step bodies start.
extension FrameworkConformance {
    func checkSetup(_ trial: Trial, _ report: Report) {
        func problem(_ rule: FrameworkRule, _ detail: String) {
            report(FrameworkProblem(rule: rule, place: "\(trial)", detail: detail))
        }
        do throws(FrameworkError) {
            let setup = try trial.setup()
            let plans = try trial.services()
            var again = trial
            again.isReordered = true
            if try again.setup() != setup {
                problem(.deterministic, "setup gives another answer when it is asked again")
            }
            if try !again.services().isIdentical(to: plans) {
                problem(.deterministic, "services give another answer when they are asked again")
            }
            if setup.deadline <= 0 || setup.ports < 0 || setup.stages < 0 {
                problem(.stages, "\(setup) cannot be waited for")
            }
            if !setup.survivesJSON { problem(.coding, "the setup is another one after JSON") }
            if self.subject.framework.nameProblem { problem(.labels, "the framework's name is empty or has a space") }
            for (node, plan) in plans.enumerated() {
                self.checkServices(plan, setup, node, trial, report)
            }
            try self.checkPorts(plans, trial, "services", report) { other throws(FrameworkError) in try other.services()
            }
            try self.checkDefaults(trial, report)
        } catch {
            problem(.everySize, "it refuses: \(error.message)")
        }
    }

    private func checkServices(
        _ plan: SetupPlan, _ setup: ClusterSetup, _ node: Int, _ trial: Trial, _ report: Report
    ) {
        func problem(_ rule: FrameworkRule, _ detail: String) {
            report(FrameworkProblem(rule: rule, place: "\(trial), node \(node)", detail: detail))
        }
        let context = trial.setupContext(node, ports: setup.ports)
        for service in plan.services where !(0..<setup.stages).contains(service.stage) {
            problem(.stages, "\(service.process.label) starts in stage \(service.stage) of \(setup.stages)")
        }
        let labels = plan.services.map(\.process.label)
        if Set(labels).count < labels.count || labels.contains("") { problem(.labels, "services are called \(labels)") }
        for name in plan.environment.keys.sorted() where name.isIdentity {
            problem(.identity, "the setup sets \(name)")
        }
        for process in plan.services.map(\.process) {
            self.checkEnvironment(process, context.environment, trial, node, report)
        }
        let signs = plan.services.flatMap(\.readiness.signs)
        let watched = signs.compactMap { sign in if case .file(let path, _) = sign { path } else { nil } }
        for path in plan.logs.map(\.folder) + plan.services.compactMap(\.process.errorFile) + watched
        where !path.isBelow(context.folder) {
            problem(.files, "\(path) is not below \(context.folder)")
        }
        if !plan.survivesJSON { problem(.coding, "the services are others after JSON") }
    }

    /// Variables that the cluster adds on its own are only defaults, unless the framework claims them.
    private func checkDefaults(_ trial: Trial, _ report: Report) throws(FrameworkError) {
        let added = try Set(trial.services().flatMap(\.environment.keys)).subtracting(self.subject.variables)
        for name in added.sorted() where !name.isIdentity {
            var other = trial
            other.environment[name] = "the user's"
            for (node, plan) in try other.services().enumerated() {
                guard let value = plan.environment[name], value != "the user's" else { continue }
                report(
                    FrameworkProblem(
                        rule: .environment, place: "\(trial), node \(node)",
                        detail: "the setup overwrites the user's \(name) with '\(value)'"))
            }
        }
    }
}
