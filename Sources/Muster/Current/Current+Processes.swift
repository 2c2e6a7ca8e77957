import MusterModel
import MusterWire

extension Current {
    /// Programs on this node, below its agent: whatever they leave behind is stopped with the attempt.
    public var process: ProcessRunner { ProcessRunner(agent: self.agent) }

    /// The step's Python environment.
    public var python: PythonRunner { PythonRunner(task: self.task, process: self.process) }

    /// The PyTorch cluster of a step with `@Torchrun`.
    public var torch: TorchRunner { TorchRunner(agent: self.agent) }
}

/// Runs programs on this node.
public struct ProcessRunner: Sendable {
    let agent: AgentClient

    /// Runs a program in the step's work folder and waits for its end. Its output goes to the task's log.
    /// - Parameters:
    ///   - arguments: the program, by path or by name, and its arguments.
    ///   - environment: variables to set on top of the step's own.
    /// - Throws: ``StepFailure`` with the exit code or signal and the last lines of output.
    public func run(_ arguments: [String], environment: [String: String] = [:]) async throws {
        try await self.agent.perform(.process(arguments: arguments, environment: environment))
    }
}

/// Runs Python scripts with the packages of the step's `@PyPI`.
public struct PythonRunner: Sendable {
    let task: TaskFile
    let process: ProcessRunner

    /// The path of the interpreter.
    /// - Throws: ``StepFailure`` when the step asked for no Python.
    public var interpreter: String {
        get throws {
            guard let python = self.task.python else {
                throw StepFailure(
                    .environment, "step '\(self.task.attempt.step)' has no Python; add @PyPI with what it needs")
            }
            return python
        }
    }

    /// Runs a script of the flow's folder on this node and waits for its end.
    /// - Throws: ``StepFailure`` with the exit code or signal and the last lines of output.
    public func run(
        script: String, arguments: [String] = [], environment: [String: String] = [:]
    ) async throws {
        try await self.process.run([self.interpreter, script] + arguments, environment: environment)
    }
}

/// Runs scripts on the step's PyTorch cluster.
public struct TorchRunner: Sendable {
    let agent: AgentClient

    /// Starts `processesPerNode` workers of a script on this node, as torchrun would, and waits for their end.
    ///
    /// Every node of the gang calls it with the same arguments.
    /// - Parameters:
    ///   - entrypoint: a script of the flow's folder.
    ///   - arguments: the script's own arguments.
    ///   - processesPerNode: nil takes what `@Torchrun` says.
    ///   - torchrunArguments: arguments for torchrun itself. What only torchrun can do makes the real one run.
    /// - Throws: ``StepFailure`` that names the rank that failed, how, and its last lines of output.
    public func run(
        entrypoint: String, arguments: [String] = [], processesPerNode: Int? = nil, torchrunArguments: [String] = []
    ) async throws {
        var options: [String: JSONValue] = [
            "entrypoint": .string(entrypoint),
            "arguments": .array(arguments.map { .string($0) }),
            "torchrunArguments": .array(torchrunArguments.map { .string($0) }),
        ]
        options["processesPerNode"] = processesPerNode.map { .int($0) }
        try await self.agent.perform(.framework(framework: "torchrun", options: options))
    }
}
