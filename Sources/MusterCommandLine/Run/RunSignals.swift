import Glibc
import MusterProcess
import Synchronization

/// SIGINT, SIGTERM and SIGHUP during a run.
///
/// The first signal cancels the run. The same one again ends this process at once; the agents, whose standard input
/// then ends, stop their nodes.
final class RunSignals: Sendable {
    /// Guards what has come so far; the reactor's thread and the run meet here.
    private let received = Mutex<[Int32]>([])

    /// The first signal that came; nil when none did.
    var first: Int32? { self.received.withLock { $0.first } }

    /// Calls `cancel` with a reason for a person on the first signal.
    /// - Parameter hasTerminal: False for an engine that no terminal's end ends.
    func install(on reactor: ProcessReactor, hasTerminal: Bool, cancel: @escaping @Sendable (String) -> Void) {
        reactor.handleSignals(hasTerminal ? [SIGINT, SIGTERM, SIGHUP] : [SIGINT, SIGTERM]) { signal in
            let before = self.received.withLock { received in
                defer { received.append(signal) }
                return received
            }
            if before.contains(signal) { _exit(128 + signal) }
            if before.isEmpty { cancel(Self.reason(signal)) }
        }
    }

    private static func reason(_ signal: Int32) -> String {
        switch signal {
        case SIGINT: "interrupted by Ctrl-C (once more to end at once)"
        case SIGHUP: "the terminal was closed"
        default: "ended by \(SignalName.describe(signal))"
        }
    }
}
