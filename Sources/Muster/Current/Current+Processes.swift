import MusterModel
import MusterWire

extension Current {
    /// Runs programs on this node as children of the agent: processes that they leave behind are killed with the
    /// attempt.
    public var process: ProcessRunner { ProcessRunner(agent: self.agent) }

    /// The step's Python environment.
    public var python: PythonRunner { PythonRunner(task: self.task, process: self.process) }
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
