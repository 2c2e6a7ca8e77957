package import ArgumentParser
import Glibc
import MusterModel

/// The `muster` command.
package struct MusterCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "muster",
        abstract: "Run workflows whose steps can be clusters.",
        discussion:
            "Exit codes: 0 success, 1 the run failed, 2 wrong usage or flow, 3 not found, 4 the store, 5 output lost, 128 + n signal n.",
        version: "0.1.0",
        subcommands: [
            RunVerb.self, ResumeVerb.self, ShowVerb.self, CheckVerb.self, ListVerb.self, StatusVerb.self, LogsVerb.self,
            DumpVerb.self, CancelVerb.self, PackageVerb.self, TagVerb.self, CardVerb.self,
        ])

    package init() {}

    /// Runs `muster` with `arguments` (without the program's name) and returns its exit code.
    package static func execute(_ arguments: [String]) async -> Int32 {
        let code = await self.perform(arguments)
        guard let reason = StandardStream.output.failure else { return code }
        StandardStream.error.line(
            "muster: standard output could not be written (\(reason)); what was printed is not whole")
        return code == ExitReason.success.rawValue ? ExitReason.output.rawValue : code
    }

    private static func perform(_ arguments: [String]) async -> Int32 {
        if let refusal = NotText.refusal() {
            StandardStream.error.line("muster: \(refusal)")
            return ExitReason.usage.rawValue
        }
        do {
            var command = try Self.parsed(Self.ordered(arguments))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return ExitReason.success.rawValue
        } catch {
            return await self.report(error, arguments)
        }
    }

    /// To parse as the root is to look at every verb. What all flow programs become most often is tried by itself first;
    /// help, versions and errors are the root's.
    private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        if arguments.first == "run", !arguments.contains("--version"),
            Self.helpRequests.isDisjoint(with: arguments),
            let command = try? RunVerb.parse(Array(arguments.dropFirst()))
        {
            return command
        }
        return try Self.parseAsRoot(arguments)
    }

    fileprivate static let helpRequests: Set<String> = ["--help", "-h", "-help"]

    /// Verbs that have verbs of their own.
    private static let outer: Set<String> = ["package", "tag", "card"]

    /// A flow program hands `package list` over with `--program` in between: it belongs to the inner verb.
    static func ordered(_ arguments: [String]) -> [String] {
        guard arguments.count > 3, self.outer.contains(arguments[0]), arguments[1] == "--program" else {
            return arguments
        }
        return [arguments[0], arguments[3]] + arguments[1...2] + arguments[4...]
    }

    private static func report(_ error: any Error, _ arguments: [String]) async -> Int32 {
        if let signal = error as? SignalExit { return 128 + signal.signal }
        if self.isParsers(error) {
            if self.exitCode(for: error) == .success {
                await self.help(error, arguments)
                return ExitReason.success.rawValue
            }
            StandardStream.error.line(self.fullMessage(for: error))
            return ExitReason.usage.rawValue
        }
        let failure = CommandFailure(error)
        // The console has told everything about a run that failed.
        if !failure.message.isEmpty { StandardStream.error.line("muster: \(PrintableText.of(failure.message))") }
        return failure.reason.rawValue
    }

    /// Errors and requests of the argument parser, such as `--help`, are not this module's own.
    private static func isParsers(_ error: any Error) -> Bool {
        let type = String(reflecting: type(of: error))
        return type.hasPrefix("ArgumentParser.")
    }

    private static func help(_ error: any Error, _ arguments: [String]) async {
        StandardStream.output.line(self.fullMessage(for: error))
        if let text = await ParameterSection.text(for: arguments) {
            StandardStream.output.write(Array("\n\(text)".utf8))
        }
    }
}

/// What `muster run FLOW --help` adds: the flow's own parameters.
enum ParameterSection {
    /// nil when no flow was named.
    /// Never fails: help is no place for errors, so what keeps the parameters from being shown is said instead.
    static func text(for arguments: [String]) async -> String? {
        let rest = arguments.filter { !MusterCommand.helpRequests.contains($0) }
        guard rest.count < arguments.count, let command = try? MusterCommand.parseAsRoot(rest) as? RunVerb else {
            return nil
        }
        let words = FlowArguments(command.arguments, hasProgram: command.flow.program != nil)
        guard words.flow != nil || command.flow.program != nil else { return nil }
        do {
            let (_, manifest) = try await CommandContext().flow(named: words.flow, command.flow)
            let text = ParameterHelp.text(manifest.parameters)
            return text.isEmpty ? "The flow \(manifest.name) has no parameters.\n" : text
        } catch {
            return "The flow's parameters cannot be shown: \(CommandFailure(error).message)\n"
        }
    }
}
