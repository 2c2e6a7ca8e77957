import MusterModel
import MusterWire
import Synchronization

/// An artifact of one name as the tasks before this one left it: a join that reads it of one input reads it of all, so
/// the agent is asked once.
///
/// Large ones are asked for one by one: the agent checks each as a whole before it answers. So is everything when one of
/// them cannot be had, since only whoever wants that one has to fail.
final class JoinedArtifact: Sendable {
    /// Bytes.
    private static let largest = 64 << 10

    private let name: String
    private let inputs: [TaskInput]
    private let agent: AgentClient
    /// nil until the agent was asked.
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
