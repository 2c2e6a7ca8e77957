package import MusterModel

/// torchrun's contract without torchrun: every worker is started with the environment that torchrun would give it.
///
/// A request's options: `entrypoint` (text), `arguments` and `torchrunArguments` (lists of texts), `processesPerNode`
/// (whole number). The decorator's: `processesPerNode`, and `launcher`: `direct` (the default) or `torchrun`, which
/// runs the real one on every node. The real one also runs when its arguments, or variables of its own (`PET_…`), ask
/// for something that only it does.
///
/// The environment is that of `torch/distributed/elastic/agent/server/local_elastic_agent.py`, version 2.13. One value
/// differs from a launch through torchrun: `TORCHELASTIC_USE_AGENT_STORE` is `False`, because the store is rank 0's
/// own, as it is for torchrun with `TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1`.
package struct TorchrunFramework: Framework {
    package static let name = "torchrun"
    private static let maximumProcesses = 1024

    package init() {}

    package func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup {
        let defaults = try self.defaults(settings)
        _ = try defaults.integer("processesPerNode", in: 1...Self.maximumProcesses)
        _ = try self.wantsRealLauncher(defaults)
        return ClusterSetup()
    }

    package func check(
        options: [String: JSONValue], settings: [String: JSONValue], node: NodeFacts
    ) throws(FrameworkError) -> CheckedLaunch {
        let asked = try Options(
            Self.name, options, known: ["entrypoint", "arguments", "processesPerNode", "torchrunArguments"])
        let defaults = try self.defaults(settings)
        guard let entrypoint = try asked.string("entrypoint"), !entrypoint.isEmpty else {
            throw FrameworkError("torchrun: entrypoint is missing; name the script to run on every process")
        }
        let raw = try asked.strings("torchrunArguments")
        let arguments = try TorchrunArguments(raw, size: node.size)
        let count = try self.processesPerNode(asked, defaults, arguments)
        let real = try self.runsRealLauncher(defaults, arguments, node)
        var checked: [String: JSONValue] = [
            "entrypoint": .string(entrypoint),
            "arguments": .array(try asked.strings("arguments").map(JSONValue.string)),
            "torchrunArguments": .array(raw.map(JSONValue.string)),
            "launcher": .string(real ? "torchrun" : "direct"),
        ]
        if real { checked["processesPerNode"] = .string(count ?? "1") }
        let request = LaunchRequest(
            framework: Self.name, options: checked, processes: real ? 1 : try self.number(count ?? "1", node),
            restarts: real ? 0 : arguments.maxRestarts ?? 0)
        let files = PythonProgram.files(
            entrypoint, try asked.strings("arguments"), isModule: arguments.isModule,
            withoutPython: arguments.withoutPython)
        return CheckedLaunch(request: request, files: files)
    }

    package func plan(_ request: LaunchRequest, _ context: LaunchContext) throws(FrameworkError) -> LaunchPlan {
        let options = try Options(
            Self.name, request.options,
            known: ["entrypoint", "arguments", "torchrunArguments", "launcher", "processesPerNode"])
        let raw = try options.strings("torchrunArguments")
        let parsed = try TorchrunArguments(raw, size: context.roster.count)
        var program = try PythonProgram(options, context)
        program.isModule = parsed.isModule
        program.withoutPython = parsed.withoutPython
        let context = parsed.isModule ? context.findingModules : context
        if try options.string("launcher") == "torchrun" {
            let count = try options.string("processesPerNode") ?? "1"
            return LaunchPlan(processes: [self.launcher(program, parsed, raw, processes: count, context)])
        }
        return LaunchPlan(
            processes: (0..<context.processes[context.node]).map { localRank in
                self.worker(localRank, program, parsed, restarts: request.restarts, context)
            })
    }

    // MARK: Checks

    private func defaults(_ settings: [String: JSONValue]) throws(FrameworkError) -> Options {
        try Options(Self.name, settings, known: ["processesPerNode", "launcher"])
    }

    private func processesPerNode(
        _ asked: Options, _ defaults: Options, _ arguments: TorchrunArguments
    ) throws(FrameworkError) -> String? {
        let option = try asked.integer("processesPerNode", in: 1...Self.maximumProcesses)
        if let option, let other = arguments.processesPerNode, other != "\(option)" {
            throw FrameworkError(
                "torchrun: processesPerNode is \(option), but torchrunArguments say --nproc-per-node \(other); give one of them"
            )
        }
        if let text = arguments.processesPerNode ?? option.map({ "\($0)" }) { return text }
        return try defaults.integer("processesPerNode", in: 1...Self.maximumProcesses).map { "\($0)" }
    }

    private func number(_ text: String, _ node: NodeFacts) throws(FrameworkError) -> Int {
        switch text {
        case "auto": return max(1, node.gpus > 0 ? node.gpus : node.cpus)
        case "cpu": return max(1, node.cpus)
        case "gpu":
            guard node.gpus > 0 else {
                throw FrameworkError(
                    "torchrun: --nproc-per-node gpu needs GPUs, and node \(node.index) has none; reserve some with @Resources"
                )
            }
            return node.gpus
        default:
            guard let number = Int(text), (1...Self.maximumProcesses).contains(number) else {
                throw FrameworkError(
                    "torchrun: --nproc-per-node must be auto, cpu, gpu or a whole number from 1 to \(Self.maximumProcesses), not '\(text)'"
                )
            }
            return number
        }
    }

    private func runsRealLauncher(
        _ defaults: Options, _ arguments: TorchrunArguments, _ node: NodeFacts
    ) throws(FrameworkError) -> Bool {
        if try self.wantsRealLauncher(defaults) { return true }
        if arguments.foreign != nil || node.environment.keys.contains(where: { $0.hasPrefix("PET_") }) { return true }
        // A device type whose number only torch itself can find.
        guard let count = arguments.processesPerNode else { return false }
        return Int(count) == nil && !["auto", "cpu", "gpu"].contains(count)
    }

    private func wantsRealLauncher(_ defaults: Options) throws(FrameworkError) -> Bool {
        switch try defaults.string("launcher") ?? "direct" {
        case "torchrun": true
        case "direct": false
        case let other: throw FrameworkError("torchrun: launcher must be direct or torchrun, not '\(other)'")
        }
    }

    // MARK: Processes

    private func worker(
        _ localRank: Int, _ program: PythonProgram, _ parsed: TorchrunArguments, restarts: Int, _ context: LaunchContext
    ) -> PlannedProcess {
        let count = context.processes[context.node]
        let rank = context.processes[..<context.node].reduce(0, +) + localRank
        let world = "\(context.processes.reduce(0, +))"
        let errorFile = "\(context.folder)/rank-\(rank)-error.json"
        var environment = context.environment
        environment.merge([
            "RANK": "\(rank)",
            "LOCAL_RANK": "\(localRank)",
            "GROUP_RANK": "\(context.node)",
            "ROLE_RANK": "\(rank)",
            "ROLE_NAME": parsed.role ?? "default",
            "LOCAL_WORLD_SIZE": "\(count)",
            "WORLD_SIZE": world,
            "GROUP_WORLD_SIZE": "\(context.roster.count)",
            "ROLE_WORLD_SIZE": world,
            "MASTER_ADDR": context.roster.controlAddress,
            "MASTER_PORT": "\(parsed.masterPort ?? context.port)",
            "TORCHELASTIC_RESTART_COUNT": "\(context.round.restart)",
            "TORCHELASTIC_MAX_RESTARTS": "\(restarts)",
            "TORCHELASTIC_RUN_ID": parsed.runID ?? context.runID,
            "TORCHELASTIC_USE_AGENT_STORE": "False",
            "TORCHELASTIC_SIGNALS_TO_HANDLE": "SIGTERM,SIGINT,SIGHUP,SIGQUIT",
            "TORCHELASTIC_ERROR_FILE": errorFile,
            "TORCH_NCCL_ASYNC_ERROR_HANDLING": environment["TORCH_NCCL_ASYNC_ERROR_HANDLING"] ?? "1",
        ]) { $1 }
        if count > 1, environment["OMP_NUM_THREADS"] == nil { environment["OMP_NUM_THREADS"] = "1" }
        return PlannedProcess(
            label: "rank \(rank)",
            arguments: program.command(program.arguments.map { Self.substitute($0, localRank: localRank) }),
            environment: environment, errorFile: errorFile)
    }

    /// torchrun fills in `${local_rank}` in the arguments of a script.
    private static func substitute(_ argument: String, localRank: Int) -> String {
        var result = ""
        var rest = Substring(argument)
        let macro = "${local_rank}"
        while let start = rest.firstIndex(of: "$") {
            result += rest[..<start]
            rest = rest[start...]
            let found = rest.hasPrefix(macro)
            result += found ? "\(localRank)" : "$"
            rest = rest.dropFirst(found ? macro.count : 1)
        }
        return result + rest
    }

    /// The command of the real torchrun, with this node's rank and the rendezvous address.
    private func launcher(
        _ program: PythonProgram, _ parsed: TorchrunArguments, _ raw: [String], processes: String,
        _ context: LaunchContext
    ) -> PlannedProcess {
        let control = context.roster.controlAddress
        let port = parsed.masterPort ?? context.port
        var command = [program.python, "-m", "torch.distributed.run", "--nnodes", "\(context.roster.count)"]
        if parsed.processesPerNode == nil { command += ["--nproc-per-node", processes] }
        if parsed.runID == nil { command += ["--rdzv-id", context.runID] }
        command += raw
        command += ["--node-rank", "\(context.node)", "--master-addr", control, "--master-port", "\(port)"]
        if parsed.backend == "c10d", !parsed.hasEndpoint { command += ["--rdzv-endpoint", "\(control):\(port)"] }
        command += ["--local-addr", context.roster.nodes[context.node].address, program.entrypoint]
        return PlannedProcess(
            label: context.roster.count == 1 ? "torchrun" : "torchrun \(context.node)",
            arguments: command + program.arguments, environment: context.environment)
    }
}
