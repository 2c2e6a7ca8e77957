public import MusterModel

/// What a flow program asks its agent over the Unix socket: one JSON object a line, one answer to each, in order.
public enum AgentRequest: Codable, Sendable, Equatable {
    /// Where the bytes of an artifact are. The agent has checked them against their digest when it answers.
    case artifact(reference: ArtifactReference)
    /// The same for several at once: a join asks for what all of its inputs hold.
    case artifacts(references: [ArtifactReference])
    /// Runs something of the step's framework on this node and answers when it has ended everywhere:
    /// `framework` is `torchrun`, `options` are what that framework documents.
    case framework(framework: String, options: [String: JSONValue])
    /// Runs one program on this node, in its environment and work folder, and answers with its exit.
    case process(arguments: [String], environment: [String: String])
}

/// What the agent answers.
public enum AgentAnswer: Codable, Sendable, Equatable {
    /// To ``AgentRequest/artifact(reference:)``.
    case artifact(path: String)
    /// To ``AgentRequest/artifacts(references:)``, in their order.
    case artifacts(paths: [String])
    /// Everything that was asked for ended well.
    case done
    /// It did not: the message is ready for a person.
    case failed(failure: TaskFailure)
}
