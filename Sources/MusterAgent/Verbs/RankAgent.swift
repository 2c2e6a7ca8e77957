import FoundationEssentials
import MusterModel
import MusterProcess
import MusterStore
import MusterWire
import Synchronization

/// The node's agent, as the wrapper around a launcher's program speaks with it. Every program of the node has a connection of
/// its own; where there is no agent, nothing is said and nothing fails.
final class RankAgent: Sendable {
    private let connection: Mutex<AgentConnection?>
    /// The number of the program in the node's log.
    private let process: Int

    /// - Parameter environment: The program's, which names the agent's socket and the program's rank.
    init(_ environment: [String: String]) {
        // Without an agent the program runs all the same, and its output goes to the launcher.
        self.connection = Mutex(try? AgentConnection(socket: environment[NodeEnvironment.socket]))
        self.process = LogProcess.firstRank + (RankEnvironment.rank(environment).flatMap { Int($0) } ?? 0)
    }

    /// Returns false when the agent has not taken it.
    @discardableResult
    func ask(_ request: AgentRequest) -> Bool {
        self.connection.withLock { connection in
            // An agent that has gone ends the attempt, and with it this program: nobody is left to tell.
            guard let connection, let answer = try? connection.ask(request) else { return false }
            return answer == .done
        }
    }

    /// Hands on what the program wrote. Blocks while the node's log has no room.
    /// - Returns: False when it is not in the log.
    func write(_ stream: OutputStream, _ bytes: UnsafeRawBufferPointer) -> Bool {
        self.ask(
            .written(
                process: self.process, stream: stream == .standardOutput ? .output : .error, bytes: Data(bytes)))
    }
}
