package import ArgumentParser
import Glibc
import MusterModel
import MusterSystem

/// The `muster` command.
package struct MusterCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "muster",
        abstract: "Run workflows whose steps can be clusters.",
        discussion:
            "Exit codes: 0 success, 1 the run failed, 2 wrong usage or flow, 3 not found, 4 the store, 5 output lost, 128 + n signal n.",
        version: "muster \(ProgramVersion.number)",
        subcommands: [
            RunVerb.self, ResumeVerb.self, ShowVerb.self, CheckVerb.self, ListVerb.self, StatusVerb.self, LogsVerb.self,
            DumpVerb.self, CancelVerb.self, PackageVerb.self, TagVerb.self, CardVerb.self, NewVerb.self,
            UIVerb.self, ConfigVerb.self, AttachVerb.self, DoctorVerb.self, StoreVerb.self, S3Verb.self, AgentVerb.self,
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
        var command: any ParsableCommand
        do {
            command = try self.parseAsRoot(self.ordered(arguments))
        } catch {
            return await self.explain(error, arguments)
        }
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return ExitReason.success.rawValue
        } catch {
            return await self.isParsers(error) ? self.explain(error, arguments) : self.report(error)
        }
    }

    fileprivate static let helpRequests: Set<String> = ["--help", "-h", "-help"]

    /// Verbs that hold other verbs.
    private static let outer: Set<String> = ["package", "tag", "card", "store"]

    /// A flow program that executes `muster` puts `--program` after the first word: of `package list` it belongs to the
    /// inner verb.
    static func ordered(_ arguments: [String]) -> [String] {
        guard arguments.count > 3, self.outer.contains(arguments[0]), arguments[1] == "--program" else {
            return arguments
        }
        return [arguments[0], arguments[3]] + arguments[1...2] + arguments[4...]
    }

    /// Prints the help or the version that was asked for, or the fault in the arguments.
    private static func explain(_ error: any Error, _ arguments: [String]) async -> Int32 {
        if self.exitCode(for: error) == .success {
            await self.help(error, arguments)
            return ExitReason.success.rawValue
        }
        StandardStream.error.line(self.fullMessage(for: error))
        return ExitReason.usage.rawValue
    }

    private static func report(_ error: any Error) -> Int32 {
        if let signal = error as? SignalExit { return 128 + signal.signal }
        let failure = CommandFailure(error)
        // The console has printed the failure of a run already.
        if !failure.message.isEmpty { StandardStream.error.line("muster: \(PrintableText.of(failure.message))") }
        return failure.reason.rawValue
    }

    /// Errors that are for the argument parser to print: requests for help, and faults of arguments that a verb finds.
    private static func isParsers(_ error: any Error) -> Bool {
        let code = self.exitCode(for: error)
        return code == .success || code == .validationFailure
    }

    private static func help(_ error: any Error, _ arguments: [String]) async {
        StandardStream.output.line(self.fullMessage(for: error))
        if let text = await ParameterSection.text(for: arguments) {
            StandardStream.output.write(Array("\n\(text)".utf8))
        }
    }
}

/// The part of `muster run FLOW --help` with the flow's own parameters.
enum ParameterSection {
    /// nil when no flow was named. Never fails: a fault that keeps the parameters from being shown is part of the text.
    static func text(for arguments: [String]) async -> String? {
        let rest = arguments.filter { !MusterCommand.helpRequests.contains($0) }
        guard rest.count < arguments.count, let command = try? MusterCommand.parseAsRoot(rest) as? RunVerb else {
            return nil
        }
        let words = FlowArguments(command.arguments, hasProgram: command.flow.program != nil)
        guard words.flow != nil || command.flow.program != nil else { return nil }
        do {
            let (_, manifest) = try await CommandContext(flow: words.flow, command.flow)
                .flow(named: words.flow, command.flow)
            let text = ParameterHelp.text(manifest.parameters)
            return text.isEmpty ? "The flow \(manifest.name) has no parameters.\n" : text
        } catch {
            return "The flow's parameters cannot be shown: \(CommandFailure(error).message)\n"
        }
    }
}
