import MusterModel

@testable import MusterFrameworks

/// Plans as people read them: what the golden files hold.
enum PlanText {
    static func text(_ plan: LaunchPlan) -> String {
        var parts = plan.processes.map(self.text)
        parts += plan.files.map { file in
            "file \(file.path)\(file.isExecutable ? " (executable)" : "")\n"
                + file.contents.split(separator: "\n").map { "  | \($0)\n" }.joined()
        }
        if let remote = plan.remote {
            let hosts = remote.hosts.sorted { $0.value < $1.value }.map { "\($0.key)=\($0.value)" }.joined(
                separator: " ")
            parts.append("remote \(remote.label) on \(hosts), hostname \(remote.hostname ?? "as it is")\n")
        }
        if plan.hasRanks {
            parts.append(
                "programs run as ranks; the codes of something killed are \(plan.reading.killCodes.sorted())\n")
        }
        parts += plan.staleFiles.map { "may leave \($0.prefix)*\($0.suffix)\n" }
        return parts.isEmpty ? "nothing\n" : parts.joined()
    }

    static func text(_ plan: SetupPlan) -> String {
        var parts = plan.services.map {
            "service of stage \($0.stage), ready: \($0.readiness)\n" + self.text($0.process)
        }
        parts.append("environment of the node\n" + self.text(plan.environment))
        parts += plan.logs.map {
            "logs \($0.folder)/{\($0.prefixes.joined(separator: ","))}*, without \($0.marks)\($0.isQuiet ? ", quiet" : "")\n"
        }
        return parts.joined()
    }

    private static func text(_ process: PlannedProcess) -> String {
        let host = process.hostname.map { " on \($0)" } ?? ""
        return "\(process.label)\(host)\n" + process.arguments.joined(separator: " ") + "\n"
            + self.text(process.environment)
    }

    private static func text(_ environment: [String: String]) -> String {
        environment.sorted { $0.key < $1.key }.map { "  \($0.key)=\($0.value)\n" }.joined()
    }
}
