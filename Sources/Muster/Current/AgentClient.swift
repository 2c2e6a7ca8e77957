import Dispatch
import FoundationEssentials
import MusterModel
import MusterWire
import Synchronization

/// The client of the node's agent. A request that may take long has a connection of its own, so that it blocks no
/// other; short requests share one connection.
struct AgentClient: Sendable {
    /// The agent's socket.
    let path: String
    private let shared = SharedSocket()

    init(path: String) { self.path = path }

    /// Sends a short request and blocks the thread until the answer.
    func ask(_ request: AgentRequest) throws -> AgentAnswer {
        try self.shared.socket.withLock { shared in
            // After an error the next request opens a new connection.
            let socket = try shared.take() ?? AgentSocket(connecting: self.path)
            let answer = try self.ask(request, over: socket)
            shared = socket
            return answer
        }
    }

    /// Sends a request that may take long, on a thread of its own. Cancellation of the task closes the connection,
    /// which withdraws the request.
    /// - Throws: ``StepFailure`` with what the agent says went wrong.
    func perform(_ request: AgentRequest) async throws {
        let socket = try AgentSocket(connecting: self.path)
        let answer = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue(label: "muster.request").async {
                    continuation.resume(with: Result { try self.ask(request, over: socket) })
                }
            }
        } onCancel: {
            socket.shutDown()
        }
        switch answer {
        case .done: return
        case .failed(let failure): throw StepFailure(failure)
        case .artifact, .artifacts, .exited:
            throw StepFailure(.contract, "the agent gave the answer to another question")
        }
    }

    /// The path of a file that holds an artifact's bytes.
    func locate(_ reference: ArtifactReference) throws -> String {
        switch try self.ask(.artifact(reference: reference)) {
        case .artifact(let path): return path
        case .failed(let failure): throw StepFailure(failure)
        case .artifacts, .done, .exited: throw StepFailure(.contract, "the agent did not say where the artifact is")
        }
    }

    /// The paths of several artifacts' files, in their order. Fails as a whole if one is missing.
    func locate(_ references: [ArtifactReference]) throws -> [String] {
        switch try self.ask(.artifacts(references: references)) {
        case .artifacts(let paths) where paths.count == references.count: return paths
        case .failed(let failure): throw StepFailure(failure)
        case .artifact, .artifacts, .done, .exited:
            throw StepFailure(.contract, "the agent did not say where the artifacts are")
        }
    }

    private func ask(_ request: AgentRequest, over socket: AgentSocket) throws -> AgentAnswer {
        do {
            try socket.send(LineCoding.encode(request))
            return try LineCoding.decode(AgentAnswer.self, from: socket.receiveLine())
        } catch let error as DecodingError {
            throw StepFailure(.contract, "the agent's answer could not be read: \(error)")
        }
    }
}

/// A connection that consecutive requests share.
private final class SharedSocket: Sendable {
    let socket = Mutex<AgentSocket?>(nil)
}
