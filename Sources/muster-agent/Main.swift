import CMusterPlatform
import FoundationEssentials
import Glibc
import MusterAgent
import MusterSystem
import MusterTransfer

/// `muster-agent`, the program on every node. Muster starts it; people only ask for its version.
@main
struct Main {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        if let verb = arguments.first.flatMap(AgentVerb.init) {
            // A scheduler gives it a standard input that has ended, or that ends with something else.
            switch verb {
            case .node: self.begin(hasEngine: false)
            // Below the keeper that `node` has forked: this is the same process.
            case .next: self.raiseLimits()
            case .reach, .rank, .host, .setupFailed, .install, .look: break
            }
            exit(await verb.run(Array(arguments.dropFirst())))
        }
        switch arguments.first {
        case nil where isatty(STDIN_FILENO) == 0:
            self.begin()
            exit(await Agent.run().rawValue)
        case Agent.ownSharedMemory where arguments.count == 1:
            self.begin()
            // Before any thread: unshare needs a single-threaded process. Without the privilege the machine's is used.
            _ = muster_own_shared_memory()
            exit(await Agent.run().rawValue)
        case "s3" where arguments.count == 1:
            self.raiseLimits()
            await TransferService.run(environment: ProcessInfo.processInfo.environment)
            exit(0)
        case "--version" where arguments.count == 1:
            print("muster-agent \(ProgramVersion.number)")
        case "--help" where arguments.count == 1, "-h" where arguments.count == 1:
            print(self.usage)
        case let argument:
            let problem = argument.map { "unknown argument '\($0)'" } ?? "standard input is a terminal"
            let text = "muster-agent: \(problem)\n\(self.usage)\n"
            _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            exit(Agent.Exit.usage.rawValue)
        }
    }

    /// Forks the keeper, before any thread is started.
    private static func begin(hasEngine: Bool = true) {
        let failed = muster_keep(hasEngine ? 1 : 0)
        if failed != 0 {
            self.giveUp(
                "no further process: \(SystemError.text(-failed)); end other programs, or raise the limit of processes"
            )
        }
        self.raiseLimits()
    }

    private static func raiseLimits() {
        muster_raise_descriptor_limit()
        if let problem = Agent.threadProblem { self.giveUp(problem) }
    }

    private static func giveUp(_ problem: String) -> Never {
        let text = "muster-agent: \(problem)\n"
        _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        exit(Agent.Exit.lost.rawValue)
    }

    static let usage = """
        usage: muster-agent < SPECIFICATION
               muster-agent --version

        The agent runs one node of a step. muster starts it and talks to it on standard input and output, so there is
        nothing to do here by hand: use 'muster run'.
        """
}
