import FoundationEssentials
import MusterModel
import MusterProcess
import MusterStore
import MusterWire
import Synchronization

/// The connection of the wrapper around a launched program to the node's agent. Each wrapper has its own. Without an agent
/// every request does nothing and returns false.
final class RankAgent: Sendable {
    private let connection: Mutex<AgentConnection?>
    /// The number of the program in the node's log.
    private let process: Int

    /// - Parameter environment: The program's: it names the agent's socket and the program's rank.
    init(_ environment: [String: String]) {
        // Without an agent the program runs all the same, and its output goes to the launcher.
        self.connection = Mutex(try? AgentConnection(socket: environment[NodeEnvironment.socket]))
        self.process = LogProcess.firstRank + (RankEnvironment.rank(environment).flatMap { Int($0) } ?? 0)
    }

    /// Returns false when the agent has not accepted it.
    @discardableResult
    func ask(_ request: AgentRequest) -> Bool {
        self.connection.withLock { connection in
            // The end of the agent ends the attempt, and this program with it.
            guard let connection, let answer = try? connection.ask(request) else { return false }
            return answer == .done
        }
    }

    /// Sends output of the program to the agent. Blocks while the node's log has no room.
    /// - Returns: False when the log has not taken it.
    func write(_ stream: ProcessStream, _ bytes: UnsafeRawBufferPointer) -> Bool {
        self.ask(
            .written(
                process: self.process, stream: stream, bytes: Data(bytes)))
    }
}
