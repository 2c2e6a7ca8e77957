import FoundationEssentials
import Glibc
import MusterModel
import MusterProcess
import MusterStore
import MusterWire

/// The program that runs on a node: one loop that takes what happens, in order, and lets the node, and on node 0 the
/// gang's control, decide.
///
/// Ends when nothing of the node is left, whatever the reason was.
package struct Agent {
    /// How an agent leaves. The engine learns more from its ``AgentStatus`` lines and the ``GangReport``.
    package enum Exit: CInt, Sendable {
        case done = 0
        /// A worker lost the control node, or was not taken in; or the report could not be written.
        case lost = 1
        /// The specification cannot be carried out, or there is none.
        case usage = 2
    }

    private static let stopSignals = [SIGTERM, SIGINT, SIGHUP]

    /// Runs this program as an agent: reads standard input, writes standard output.
    package static func run() async -> Exit {
        let (stream, events) = AsyncStream.makeStream(of: AgentEvent.self)
        do {
            ProcessTree.becomeSubreaper()
            let reactor = try ProcessReactor()
            reactor.handleSignals(Self.stopSignals) { events.yield(.signal($0)) }
            let input = EngineInput(events: events)
            guard let spec = try await input.spec(from: STDIN_FILENO, on: reactor) else {
                AgentErrors.print("standard input ended before a node's specification; muster starts agents by itself")
                return .usage
            }
            if let problem = spec.problem {
                AgentErrors.print("the node's specification is wrong: \(problem)")
                return .usage
            }
            let services = AgentServices(reactor: reactor, events: events, status: StatusWriter())
            let loop = try AgentLoop(spec: spec, services: services)
            return await loop.run(stream)
        } catch {
            AgentErrors.print("\(error)")
            return .usage
        }
    }
}
