import FoundationEssentials
import MusterSystem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The command `muster`, which a flow program executes (`exec`) for every verb that it does not handle itself.
enum MusterCommand {
    static let variable = "MUSTER_COMMAND"

    /// Replaces this process by `muster VERB --program OWN-PATH ARGUMENTS…`.
    static func takeOver(_ arguments: [String]) -> Never {
        let program = self.programPath(arguments.first)
        guard let command = self.find(program, ProcessInfo.processInfo.environment) else {
            StepExit.now(
                "the command 'muster' was not found beside \(program) nor on PATH; build it with "
                    + "`swift build --product muster`, or name it in \(self.variable)")
        }
        let handedOver = self.arguments(
            for: Array(arguments.dropFirst()), program: program, calledAs: arguments.first)
        var pointers = ([command] + handedOver).map { strdup($0) } + [nil]
        execv(command, &pointers)
        StepExit.now("\(command) could not be started: \(SystemError.lastText)")
    }

    /// The arguments of `muster` for these arguments of the flow program.
    /// - Parameter calledAs: The words by which this program was called, for the command that is printed after a
    ///   failure.
    static func arguments(for arguments: [String], program: String, calledAs: String? = nil) -> [String] {
        guard let verb = arguments.first else { return ["--help"] }
        if verb.hasPrefix("-") { return arguments }
        let name = ["run", "resume"].contains(verb) ? calledAs.map { ["--called-as=\($0)"] } ?? [] : []
        return [verb, "--program", program] + name + arguments.dropFirst()
    }

    /// The path of the command: from the environment, beside the program, or on the PATH.
    static func find(_ program: String, _ environment: [String: String]) -> String? {
        if let named = environment[self.variable], !named.isEmpty { return named }
        let beside = [program, FilePaths.resolved(program)].compactMap { $0 }.map {
            FilePaths.parent(of: $0) + "/muster"
        }
        return beside.first(where: FilePaths.isExecutable)
            ?? FilePaths.find("muster", in: environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
    }

    /// The absolute path of this program. Links are not resolved, because the name of a link can select a flow.
    static func programPath(_ name: String?) -> String {
        if let name, name.contains("/") { return FilePaths.absolute(name) }
        let searchPath = ProcessInfo.processInfo.environment["PATH"] ?? ""
        if let name, let found = FilePaths.find(name, in: searchPath) { return FilePaths.absolute(found) }
        return FilePaths.resolved("/proc/self/exe") ?? name ?? ""
    }
}
