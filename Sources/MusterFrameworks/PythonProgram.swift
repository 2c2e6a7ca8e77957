import MusterModel

/// The command of every worker of a Python cluster.
package struct PythonProgram {
    var entrypoint: String
    var arguments: [String]
    var python: String
    var isModule = false
    var withoutPython = false

    init(_ options: Options, _ context: LaunchContext) throws(FrameworkError) {
        self.entrypoint = context.place(of: try options.string("entrypoint") ?? "")
        self.arguments = context.placed(try options.strings("arguments"), of: self.entrypoint)
        self.python = Self.interpreter(context.python, context.environment)
    }

    /// The interpreter of a cluster's programs: the one of the request, the step's, or the node's.
    package static func interpreter(_ python: String?, _ environment: [String: String]) -> String {
        environment["PYTHON_EXEC"] ?? python ?? "python3"
    }

    /// The whole command of one worker.
    func command(_ arguments: [String]) -> [String] {
        var command = self.withoutPython ? [] : [self.python, "-u"]
        if self.isModule { command.append("-m") }
        return command + [self.entrypoint] + arguments
    }

    /// The files that must exist for the entrypoint to run.
    static func files(_ entrypoint: String, _ arguments: [String], isModule: Bool, withoutPython: Bool) -> [String] {
        if isModule { return [] }
        return withoutPython ? ScriptRunner.files(of: entrypoint, arguments) : [entrypoint]
    }
}

extension LaunchContext {
    /// The environment with the flow's folder on PYTHONPATH, if that is not the work folder.
    var findingModules: LaunchContext {
        guard let flow = self.environment[NodeEnvironment.flowFolder],
            flow != self.environment[NodeEnvironment.workFolder]
        else { return self }
        var context = self
        let others = self.environment["PYTHONPATH"].flatMap { $0.isEmpty ? nil : ":\($0)" } ?? ""
        context.environment["PYTHONPATH"] = flow + others
        return context
    }
}
