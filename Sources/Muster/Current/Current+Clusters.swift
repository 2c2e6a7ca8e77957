public import MusterModel
import MusterWire

extension Current {
    /// The PyTorch cluster of a step with `@Torchrun`.
    public var torch: TorchRunner { TorchRunner(agent: self.agent) }

    /// The DeepSpeed cluster of a step with `@DeepSpeed`.
    public var deepspeed: DeepSpeedRunner { DeepSpeedRunner(agent: self.agent) }

    /// The hosts of a step with `@MPI`.
    public var mpi: MPIRunner { MPIRunner(agent: self.agent) }

    /// Launches something through a framework and waits for its end on all nodes. `current.torch.run` and its like are
    /// built on this call, and so are those of other packages (``Decorator/framework``).
    /// - Throws: ``StepFailure`` with what the framework refuses, or with the cause when it failed.
    public func launch(_ framework: String, options: [String: JSONValue]) async throws {
        try await self.agent.perform(.framework(framework: framework, options: options))
    }
}

/// Runs scripts as the workers of the step's PyTorch cluster.
public struct TorchRunner: Sendable {
    let agent: AgentClient

    /// Starts `processesPerNode` workers of a script on this node, as torchrun would, and waits for their end.
    ///
    /// Every node of the gang calls it with the same arguments.
    /// - Parameters:
    ///   - entrypoint: a script of the flow's folder.
    ///   - arguments: the script's own arguments.
    ///   - processesPerNode: nil takes the value of `@Torchrun`.
    ///   - torchrunArguments: arguments for torchrun itself. What only torchrun can do makes the real one run.
    /// - Throws: ``StepFailure`` that names the rank that failed, how, and its last lines of output.
    public func run(
        entrypoint: String, arguments: [String] = [], processesPerNode: Int? = nil, torchrunArguments: [String] = []
    ) async throws {
        var options: [String: JSONValue] = [
            "entrypoint": .string(entrypoint),
            "arguments": .texts(arguments),
            "torchrunArguments": .texts(torchrunArguments),
        ]
        options["processesPerNode"] = processesPerNode.map { .int($0) }
        try await self.agent.perform(.framework(framework: "torchrun", options: options))
    }
}

/// Runs scripts on the step's DeepSpeed cluster.
public struct DeepSpeedRunner: Sendable {
    let agent: AgentClient

    /// Starts the workers of a script on all nodes, once, and waits for their end.
    ///
    /// It may be called on every node or on the control node only.
    /// - Parameters:
    ///   - entrypoint: a script of the flow's folder.
    ///   - arguments: the script's own arguments; `--local_rank=K` comes before them, as from DeepSpeed itself.
    ///   - deepspeedArguments: arguments for DeepSpeed's runner. What only that can do makes it run.
    /// - Throws: ``StepFailure`` that names the rank that failed, how, and its last lines of output.
    public func run(entrypoint: String, arguments: [String] = [], deepspeedArguments: [String] = []) async throws {
        let options: [String: JSONValue] = [
            "entrypoint": .string(entrypoint),
            "arguments": .texts(arguments),
            "deepspeedArguments": .texts(deepspeedArguments),
        ]
        try await self.agent.perform(.framework(framework: "deepspeed", options: options))
    }
}

/// Compiles and runs MPI programs on the hosts of the step.
public struct MPIRunner: Sendable {
    let agent: AgentClient

    /// Runs `program` under `mpiexec` and waits for its end.
    /// - Parameters:
    ///   - arguments: of the launcher, such as `["-n", "12"]`; it knows the hosts and their slots already.
    ///   - program: a program of the work folder, or one that is found on the nodes' `PATH`.
    ///   - programArguments: the program's own.
    /// - Throws: ``StepFailure`` that names the rank that failed, how, and its last lines; else the daemon or launcher.
    public func exec(arguments: [String] = [], program: String, programArguments: [String] = []) async throws {
        try await self.launch("exec", arguments, program, programArguments)
    }

    /// Runs `program` under `mpirun`; otherwise like ``exec(arguments:program:programArguments:)``.
    public func run(arguments: [String] = [], program: String, programArguments: [String] = []) async throws {
        try await self.launch("run", arguments, program, programArguments)
    }

    /// Compiles with `mpicc` on the control node, in its work folder.
    /// - Throws: ``StepFailure`` with the compiler's last lines.
    public func cc(arguments: [String]) async throws {
        try await self.launch("cc", arguments, nil, [])
    }

    /// Copies a file of the control node's work folder to the same place on every other node.
    public func broadcastFile(_ path: String) async throws {
        try await self.agent.perform(.broadcast(path: path))
    }

    private func launch(
        _ operation: String, _ arguments: [String], _ program: String?, _ programArguments: [String]
    ) async throws {
        var options: [String: JSONValue] = [
            "operation": .string(operation),
            "arguments": .texts(arguments),
            "programArguments": .texts(programArguments),
        ]
        options["program"] = program.map { .string($0) }
        try await self.agent.perform(.framework(framework: "mpi", options: options))
    }
}

extension JSONValue {
    static func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
}
