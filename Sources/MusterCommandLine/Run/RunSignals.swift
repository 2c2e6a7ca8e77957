import Glibc
import MusterProcess
import Synchronization

/// Ctrl-C, a request to end and a closed terminal while a run goes on.
///
/// The first signal asks for the end of the run; the same one again ends this process at once, and the agents, whose
/// input closes with it, take their nodes down by themselves.
final class RunSignals: Sendable {
    /// Guards what has come so far; the reactor's thread and the run meet here.
    private let received = Mutex<[Int32]>([])

    /// The first signal that came; nil when none did.
    var first: Int32? { self.received.withLock { $0.first } }

    /// Calls `cancel` with a reason for a person on the first signal.
    func install(on reactor: ProcessReactor, cancel: @escaping @Sendable (String) -> Void) {
        reactor.handleSignals([SIGINT, SIGTERM, SIGHUP]) { signal in
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
