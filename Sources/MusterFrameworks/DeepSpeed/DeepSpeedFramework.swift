package import MusterModel

/// A DeepSpeed job without its launchers: every worker is started with the environment that DeepSpeed's own
/// `launcher/launch.py` gives it, which is all that `deepspeed.initialize` needs.
///
/// A request's options: `entrypoint` (text), `arguments` and `deepspeedArguments` (lists of texts). The decorator's:
/// `launcher`: `direct` (the default) or `deepspeed`, which runs DeepSpeed's own runner on every node without ssh. That
/// one also runs when its arguments ask for something that only it does.
///
/// Workers per node: the slots of the step's `@Resources`, one per GPU or else per cpu, unless `--num_gpus` says less.
package struct DeepSpeedFramework: Framework {
    package static let name = "deepspeed"

    package init() {}

    package func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup {
        _ = try self.wantsRealLauncher(settings)
        return ClusterSetup()
    }

    package func check(
        options: [String: JSONValue], settings: [String: JSONValue], node: NodeFacts
    ) throws(FrameworkError) -> CheckedLaunch {
        let asked = try Options(Self.name, options, known: ["entrypoint", "arguments", "deepspeedArguments"])
        guard let entrypoint = try asked.string("entrypoint"), !entrypoint.isEmpty else {
            throw FrameworkError("deepspeed: entrypoint is missing; name the script to run on every process")
        }
        let raw = try asked.strings("deepspeedArguments")
        let parsed = try DeepSpeedArguments(raw, size: node.size)
        // The real runner does everything that the agents cannot.
        let real = try self.wantsRealLauncher(settings) || parsed.foreign != nil
        let slots = max(1, node.gpus > 0 ? node.gpus : node.cpus)
        if let count = parsed.processesPerNode, count > slots, node.gpus > 0 {
            throw FrameworkError(
                "deepspeed: --num_gpus \(count), but node \(node.index) has \(slots); reserve more with @Resources(gpu:)"
            )
        }
        let checked: [String: JSONValue] = [
            "entrypoint": .string(entrypoint),
            "arguments": .array(try asked.strings("arguments").map(JSONValue.string)),
            "deepspeedArguments": .array(raw.map(JSONValue.string)),
            "launcher": .string(real ? "deepspeed" : "direct"),
        ]
        let request = LaunchRequest(
            framework: Self.name, options: checked, processes: parsed.processesPerNode ?? slots, asker: .controlNode)
        let files = PythonProgram.files(
            entrypoint, try asked.strings("arguments"), isModule: parsed.isModule, withoutPython: parsed.withoutPython)
        return CheckedLaunch(request: request, files: files)
    }

    private func wantsRealLauncher(_ settings: [String: JSONValue]) throws(FrameworkError) -> Bool {
        switch try Options(Self.name, settings, known: ["launcher"]).string("launcher") ?? "direct" {
        case "deepspeed": true
        case "direct": false
        case let other: throw FrameworkError("deepspeed: launcher must be direct or deepspeed, not '\(other)'")
        }
    }

    package func plan(_ request: LaunchRequest, _ context: LaunchContext) throws(FrameworkError) -> LaunchPlan {
        let options = try Options(
            Self.name, request.options, known: ["entrypoint", "arguments", "deepspeedArguments", "launcher"])
        let raw = try options.strings("deepspeedArguments")
        let parsed = try DeepSpeedArguments(raw, size: context.roster.count)
        var program = try PythonProgram(options, context)
        program.isModule = parsed.isModule
        program.withoutPython = parsed.withoutPython
        let context = parsed.isModule ? context.findingModules : context
        if try options.string("launcher") == "deepspeed" { return self.launcher(program, parsed, raw, context) }
        return LaunchPlan(
            processes: (0..<context.processes[context.node]).map { self.worker($0, program, parsed, context) })
    }

    // MARK: Processes

    private func worker(
        _ localRank: Int, _ program: PythonProgram, _ parsed: DeepSpeedArguments, _ context: LaunchContext
    ) -> PlannedProcess {
        let count = context.processes[context.node]
        let rank = context.processes[..<context.node].reduce(0, +) + localRank
        var environment = self.environment(context)
        environment.merge([
            "RANK": "\(rank)",
            "LOCAL_RANK": "\(localRank)",
            "LOCAL_SIZE": "\(count)",
            "WORLD_SIZE": "\(context.processes.reduce(0, +))",
            "CROSS_RANK": "\(context.node)",
            "CROSS_SIZE": "\(context.roster.count)",
            "MASTER_ADDR": context.roster.controlAddress,
            "MASTER_PORT": "\(parsed.masterPort ?? context.port)",
        ]) { $1 }
        if count > 1, environment["OMP_NUM_THREADS"] == nil { environment["OMP_NUM_THREADS"] = "1" }
        let own = parsed.withoutLocalRank ? [] : ["--local_rank=\(localRank)"]
        return PlannedProcess(
            label: "rank \(rank)", arguments: program.command(own + program.arguments), environment: environment)
    }

    /// The step's environment and defaults. Without a reserved GPU DeepSpeed is told to use the cpus; by itself it
    /// would use any GPU that it finds.
    private func environment(_ context: LaunchContext) -> [String: String] {
        var environment = context.environment
        if context.roster.nodes[context.node].gpus == 0, environment["DS_ACCELERATOR"] == nil {
            environment["DS_ACCELERATOR"] = "cpu"
        }
        return environment
    }

    /// DeepSpeed's own runner on this node; without ssh it starts this node's workers only.
    private func launcher(
        _ program: PythonProgram, _ parsed: DeepSpeedArguments, _ raw: [String], _ context: LaunchContext
    ) -> LaunchPlan {
        let hostfile = PlannedFile(
            path: "\(context.folder)/hostfile",
            contents: zip(context.roster.nodes, context.processes)
                .map { "\($0.address) slots=\($1)\n" }.joined())
        let command = [
            program.python, "-m", "deepspeed.launcher.runner", "--hostfile", hostfile.path, "--no_ssh", "--node_rank",
            "\(context.node)", "--master_addr", context.roster.controlAddress,
        ]
        let port = parsed.masterPort == nil ? ["--master_port", "\(context.port)"] : []
        let process = PlannedProcess(
            label: context.roster.count == 1 ? "deepspeed" : "deepspeed \(context.node)",
            arguments: command + port + raw + [program.entrypoint] + program.arguments,
            environment: self.environment(context))
        return LaunchPlan(processes: [process], files: [hostfile])
    }
}
