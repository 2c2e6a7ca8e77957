import MusterModel
import MusterWire
import Synchronization

/// One artifact of all of a join's inputs, fetched from the agent in one request: a join that reads it of one input
/// reads it of all of them.
///
/// Large artifacts are requested one by one, because the agent verifies each before it answers. So are all of them if
/// one is missing, so that only the read of that one fails.
final class JoinedArtifact: Sendable {
    /// In bytes.
    private static let largest = 64 << 10

    private let name: String
    private let inputs: [TaskInput]
    private let agent: AgentClient
    /// nil until the request was made.
    private let paths = Mutex<[ArtifactReference: String]?>(nil)

    init(_ name: String, _ inputs: [TaskInput], _ agent: AgentClient) {
        self.name = name
        self.inputs = inputs
        self.agent = agent
    }

    /// The path of a file that holds the bytes of `reference`, the artifact of one of the inputs.
    func locate(_ reference: ArtifactReference) throws -> String {
        if self.inputs.count > 1, reference.size <= Self.largest, let path = self.located()[reference] { return path }
        return try self.agent.locate(reference)
    }

    private func located() -> [ArtifactReference: String] {
        self.paths.withLock { paths in
            if let paths { return paths }
            let references = Array(
                Set(self.inputs.compactMap { $0.artifacts[self.name] }.filter { $0.size <= Self.largest }))
            let found = (try? self.agent.locate(references)) ?? []
            let located = Dictionary(zip(references, found)) { $1 }
            paths = located
            return located
        }
    }
}
