import Glibc
import MusterCommandLine
import MusterProcess

/// The command: see ``MusterCommand``.
@main
enum Muster {
    /// Threads that a run needs at once: for processes, the database, the screen, and its own work.
    private static let threads: Int32 = 12

    static func main() async {
        ProgramStart.raiseDescriptorLimit()
        if let problem = ProgramStart.threadProblem(Self.threads, of: "muster") {
            _ = "muster: \(problem)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
            exit(ExitReason.runFailed.rawValue)
        }
        exit(await MusterCommand.execute(Array(CommandLine.arguments.dropFirst())))
    }
}
