import Foundation
import Glibc
import MusterHistory
import MusterProcess

/// The beginning of a run whose engine lives on without this command: `--detach`.
///
/// The engine is this command once more, in a session of its own. Until the run is recorded it writes to this command's
/// streams and dies with it, so that what keeps a run from beginning is told here. Then it says so through a pipe, and
/// this command ends.
struct Detachment {
    /// The flag that makes a command the engine of one that waits for it.
    static let flag = "--detached-engine"

    /// The words that follow a run's name in commands about it.
    let store: StoreOptions
    let isQuiet: Bool
    let isJSON: Bool

    /// Starts the engine, returns when its run is recorded, and prints how to reach it.
    /// - Throws: What the engine ended with, when it ended before.
    func perform(_ arguments: [String] = CommandLine.arguments) async throws {
        // A reactor of its own: one that adopts orphans would end the engine with itself.
        let reactor = try ProcessReactor()
        let pipe = Pipe()
        let (statuses, status) = AsyncStream<ExitStatus>.makeStream()
        let verb = Array(arguments.dropFirst().prefix(1))
        let spec = ProcessSpec(
            executable: Self.program(arguments.first), arguments: verb + [Self.flag] + arguments.dropFirst(2),
            environment: ProcessEnvironment.texts,
            // Everything above standard error is closed in the new process: the pipe comes as its standard input.
            standardInput: .descriptor(pipe.fileHandleForWriting.fileDescriptor), output: .inherit, newSession: true)
        let engine = try reactor.spawn(
            spec, onOutput: { _, _ in },
            onExit: {
                status.yield($0)
                status.finish()
            })
        try pipe.fileHandleForWriting.close()
        let told = await Self.read(pipe.fileHandleForReading)
        if let run = try? JSONDecoder().decode(DetachedRun.self, from: told) {
            return try self.show(run, process: engine.pid)
        }
        for await status in statuses {
            switch status {
            case .exited(0): return
            case .exited(let code): throw CommandFailure(ExitReason(rawValue: code) ?? .runFailed, "")
            case .signaled(let signal): throw SignalExit(signal: signal)
            }
        }
    }

    /// This program as it was called, or by its file where nothing of that name is found.
    private static func program(_ name: String?) -> String {
        if let name, ExecutableSearch.find(name, path: ProcessEnvironment.texts["PATH"] ?? "") != nil { return name }
        return (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"
    }

    /// Everything up to the end of the pipe: the engine closes it, or has ended.
    private static func read(_ pipe: FileHandle) async -> Data {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "muster.detachment").async {
                continuation.resume(returning: (try? pipe.readToEnd()) ?? Data())
            }
        }
    }

    private func show(_ run: DetachedRun, process: Int32) throws {
        if self.isJSON { return Self.print(try JSONText.line(run)) }
        guard !self.isQuiet else { return Self.print(run.name) }
        Self.print("run \(run.name) goes on without this terminal, as process \(process)")
        Self.print("follow it:  \(self.command("attach", run))")
        Self.print("end it:     \(self.command("cancel", run))")
        Self.print("its output: \(run.console)")
    }

    private static func print(_ line: String) { StandardStream.output.line(line) }

    private func command(_ verb: String, _ run: DetachedRun) -> String { RunCommand.line(verb, run.name, self.store) }
}

/// A command about a run, as a shell takes it.
enum RunCommand {
    static func line(_ verb: String, _ run: String, _ store: StoreOptions) -> String {
        ShellWord.line(
            [CommandLine.arguments.first ?? "muster", verb, run] + (store.store.map { ["--store", $0] } ?? []))
    }
}

/// The message of a detached engine to the command that started it.
struct DetachedRun: Codable, Equatable {
    var event = "run-detached"
    var flow: String
    var run: String
    var store: String
    /// The file of its output.
    var console: String

    var name: String { "\(self.flow)/\(self.run)" }
}
