package import MusterModel

/// MPI with the launcher of whatever is installed: Open MPI 4, Open MPI 5 or MPICH.
///
/// A request's options: `operation`: `exec`, `run` (the launchers `mpiexec` and `mpirun`) or `cc` (the compiler);
/// `arguments` (of the launcher or compiler), `program` and `programArguments`. All of it happens on the control node,
/// where the body runs.
///
/// A launcher starts one daemon on each other node through its ssh command: here a verb of `muster-agent`, so that the
/// nodes' agents start, supervise and end the daemons. The ranks run under the agent's wrapper, because a launcher's
/// exit code does not identify the failed rank: a rank's exit is the cause of its daemon's and launcher's exit, and a
/// daemon's of the launcher's. All settings are variables, whose names the three kinds do not share; so all are set,
/// the installed kind need not be detected, and the user's arguments stay unchanged.
package struct MPIFramework: Framework {
    package static let name = "mpi"

    package init() {}

    package func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup {
        _ = try Options(Self.name, settings, known: [])
        return ClusterSetup(bodies: .controlNode)
    }

    package func check(
        options: [String: JSONValue], settings: [String: JSONValue], node: NodeFacts
    ) throws(FrameworkError) -> CheckedLaunch {
        let asked = try Options(
            Self.name, options, known: ["operation", "arguments", "program", "programArguments"])
        let operation = try asked.string("operation") ?? "exec"
        guard let tool = MPITool(rawValue: operation) else {
            throw FrameworkError("mpi: operation must be exec, run or cc, not '\(operation)'")
        }
        let program = try asked.string("program") ?? ""
        let programArguments = try asked.strings("programArguments")
        guard tool == .cc ? program.isEmpty && programArguments.isEmpty : !program.isEmpty else {
            throw FrameworkError(
                tool == .cc
                    ? "mpi: cc compiles; it takes arguments, and no program to run"
                    : "mpi: program is missing; name the program to run on every rank")
        }
        let checked: [String: JSONValue] = [
            "operation": .string(operation),
            "arguments": .array(try asked.strings("arguments").map(JSONValue.string)),
            "program": .string(program),
            "programArguments": .array(programArguments.map(JSONValue.string)),
        ]
        let request = LaunchRequest(
            framework: Self.name, options: checked, processes: node.index == 0 ? 1 : 0, asker: .controlNode)
        return CheckedLaunch(request: request, files: try self.files(tool, asked, program, programArguments))
    }

    /// The files that must exist: sources to compile, or the program and its script.
    private func files(
        _ tool: MPITool, _ asked: Options, _ program: String, _ programArguments: [String]
    ) throws(FrameworkError) -> [String] {
        if tool == .cc { return MPITool.sources(in: try asked.strings("arguments")) }
        return ScriptRunner.files(of: program, programArguments)
    }

    package func plan(_ request: LaunchRequest, _ context: LaunchContext) throws(FrameworkError) -> LaunchPlan {
        let options = try Options(
            Self.name, request.options, known: ["operation", "arguments", "program", "programArguments"])
        guard let tool = MPITool(rawValue: try options.string("operation") ?? "") else {
            throw FrameworkError("mpi: the operation is unknown")
        }
        let arguments = try options.strings("arguments")
        if tool == .cc {
            guard context.node == 0 else { return LaunchPlan() }
            let compiler = PlannedProcess(
                label: tool.program, arguments: [tool.program] + arguments.map(context.place(of:)),
                environment: context.environment)
            return LaunchPlan(processes: [compiler])
        }
        let hosts = MPIHosts(context)
        guard context.node == 0 else {
            return LaunchPlan(
                files: hosts.filesOfOthers, remote: hosts.remote, hasRanks: true, reading: Self.reading,
                staleFiles: MPIHosts.staleFiles)
        }
        let named = try options.string("program") ?? ""
        let relay = MPIOutput.isLaunchers(arguments, context.environment) ? [MPIOutput.throughLauncher] : []
        let loopback = context.roster.isOneMachine ? [MPIHosts.onLoopback] : []
        let program = [MPIHosts.rankName] + relay + loopback + [context.program(named)]
        let launcher = PlannedProcess(
            label: tool.program,
            arguments: [tool.program] + arguments + program
                + context.placed(try options.strings("programArguments"), of: named),
            environment: context.environment.merging(hosts.environment) { $1 }, hostname: hosts.hostname,
            clusterTalk: MPIOutput.talk)
        return LaunchPlan(
            processes: [launcher], files: hosts.files, remote: hosts.remote, hasRanks: true, reading: Self.reading,
            staleFiles: MPIHosts.staleFiles)
    }

    /// A launcher whose rank was killed exits with the signal's number, with 128 more, or with 255 for a lost node
    /// (Open MPI 4: 205 too). After `MPI_Abort`, on which it kills all ranks, it exits with the code of the call. Open
    /// MPI 5, and its ranks that are notified of another rank's end, exit with 14.
    private static let reading = ExitReading(killCodes: [9, 11, 14, 15, 137, 139, 143, 205, 255])
}

/// The programs of an MPI, by the names that all three kinds use.
enum MPITool: String {
    case exec, run, cc

    var program: String {
        switch self {
        case .exec: "mpiexec"
        case .run: "mpirun"
        case .cc: "mpicc"
        }
    }

    /// The source files among a compiler's arguments.
    static func sources(in arguments: [String]) -> [String] {
        let suffixes = [".c", ".cc", ".cpp", ".cxx", ".C", ".cu", ".f", ".F", ".f90", ".F90"]
        let values = zip(arguments, [""] + arguments).filter { $0.1 != "-o" }.map(\.0)
        return values.filter { argument in !argument.hasPrefix("-") && suffixes.contains { argument.hasSuffix($0) } }
    }
}
