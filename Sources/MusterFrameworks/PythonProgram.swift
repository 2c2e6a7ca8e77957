/// What every worker of a Python cluster executes.
struct PythonProgram {
    var entrypoint: String
    var arguments: [String]
    var python: String
    var isModule = false
    var withoutPython = false

    init(_ options: Options, _ context: LaunchContext) throws(FrameworkError) {
        self.entrypoint = try options.string("entrypoint") ?? ""
        self.arguments = try options.strings("arguments")
        self.python = context.environment["PYTHON_EXEC"] ?? context.python ?? "python3"
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
