/// Programs, such as interpreters, that run a script named in their arguments.
package enum ScriptRunner {
    private static let names: Set<Substring> = [
        "sh", "bash", "dash", "zsh", "perl", "ruby", "Rscript", "julia", "node",
    ]
    /// Options that exclude a script, or whose value could be mistaken for one.
    private static let otherwise: Set<String> = ["-m", "-c", "-e", "-W", "-X", "-O", "-o"]

    /// The index in `arguments` of the script that `program` runs; nil if none can be recognised.
    package static func scriptIndex(of program: String, _ arguments: [String]) -> Int? {
        let name = program.split(separator: "/").last ?? ""
        guard self.names.contains(name) || name.hasPrefix("python") else { return nil }
        for (index, argument) in arguments.enumerated() {
            if self.otherwise.contains(argument) { return nil }
            if !argument.hasPrefix("-") { return index }
        }
        return nil
    }

    /// The files that must exist for `program` to run: itself, if it is named by a path, and its script.
    static func files(of program: String, _ arguments: [String]) -> [String] {
        let script = self.scriptIndex(of: program, arguments).map { arguments[$0] }
        return (program.contains("/") ? [program] : []) + [script].compactMap { $0 }
    }
}

extension LaunchContext {
    /// The arguments of `program`, with the script's path on this node.
    func placed(_ arguments: [String], of program: String) -> [String] {
        guard let index = ScriptRunner.scriptIndex(of: program, arguments) else { return arguments }
        var arguments = arguments
        arguments[index] = self.place(of: arguments[index])
        return arguments
    }
}
