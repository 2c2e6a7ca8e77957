/// What every worker of a Python cluster executes.
package struct PythonProgram {
    var entrypoint: String
    var arguments: [String]
    var python: String
    var isModule = false
    var withoutPython = false

    init(_ options: Options, _ context: LaunchContext) throws(FrameworkError) {
        self.entrypoint = try options.string("entrypoint") ?? ""
        self.arguments = try options.strings("arguments")
        self.python = Self.interpreter(context.python, context.environment)
    }

    /// The interpreter of a cluster's programs: the one that the user names, the step's own, or the node's.
    package static func interpreter(_ python: String?, _ environment: [String: String]) -> String {
        environment["PYTHON_EXEC"] ?? python ?? "python3"
    }

    /// The whole command of one worker.
    func command(_ arguments: [String]) -> [String] {
        var command = self.withoutPython ? [] : [self.python, "-u"]
        if self.isModule { command.append("-m") }
        return command + [self.entrypoint] + arguments
    }

    /// Whether the entrypoint is a file of the flow's folder.
    static func isFile(_ entrypoint: String, isModule: Bool, withoutPython: Bool) -> Bool {
        !isModule && (!withoutPython || entrypoint.contains("/"))
    }
}
