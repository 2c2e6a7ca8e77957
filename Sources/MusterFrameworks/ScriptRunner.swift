/// Programs that run a script which is named among their arguments.
package enum ScriptRunner {
    private static let names: Set<Substring> = [
        "sh", "bash", "dash", "zsh", "perl", "ruby", "Rscript", "julia", "node",
    ]
    /// Options with which there is no script, or whose value would be taken for one.
    private static let otherwise: Set<String> = ["-m", "-c", "-e", "-W", "-X", "-O", "-o"]

    /// Where in `arguments` the script is that `program` runs; nil when it runs none that can be told.
    package static func scriptIndex(of program: String, _ arguments: [String]) -> Int? {
        let name = program.split(separator: "/").last ?? ""
        guard self.names.contains(name) || name.hasPrefix("python") else { return nil }
        for (index, argument) in arguments.enumerated() {
            if self.otherwise.contains(argument) { return nil }
            if !argument.hasPrefix("-") { return index }
        }
        return nil
    }

    /// What has to be there for `program` to run: itself, where it is named by a path, and its script.
    static func files(of program: String, _ arguments: [String]) -> [String] {
        let script = self.scriptIndex(of: program, arguments).map { arguments[$0] }
        return (program.contains("/") ? [program] : []) + [script].compactMap { $0 }
    }
}

extension LaunchContext {
    /// The arguments of `program`, with its script where it is on this node.
    func placed(_ arguments: [String], of program: String) -> [String] {
        guard let index = ScriptRunner.scriptIndex(of: program, arguments) else { return arguments }
        var arguments = arguments
        arguments[index] = self.place(of: arguments[index])
        return arguments
    }
}
