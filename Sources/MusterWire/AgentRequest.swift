public import FoundationEssentials
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
    /// Shows people a page, in place of the one of that name that was there: at once, and whatever becomes of the task.
    /// `name` is `PLACE_TYPE` or `PLACE_TYPE_ID`; `path` is a file of the task folder, which the agent takes away.
    case card(name: String, path: String)
    /// Waits until the bodies of all nodes have come to this barrier.
    case barrier
    /// Copies a file of this node's work folder to the same place on every other node. For the control node's body.
    case broadcast(path: String)
    /// Runs a command line on the node that a launcher calls `host`, and answers with its exit. For the launcher's
    /// substitute for ssh.
    case reach(host: String, command: String)
    /// A program that a launcher started on this node is about to run. For the wrapper around it, which keeps the
    /// connection: when that ends before ``watched(exit:)`` came over it, the program has gone with its wrapper.
    case watching(label: String, wrapper: Int32)
    /// A part of what the program wrote goes into this node's log. Answered once the log has room for more, so that a program
    /// that writes faster than the store takes it has to wait. From its wrapper.
    case written(process: Int, stream: LaunchedStream, bytes: Data)
    /// The program has ended; nil when there is nothing to tell, because it ended well or because its launcher ended it.
    /// For the wrapper, which leaves once this is answered.
    case watched(exit: WatchedExit?)
}

/// A stream of a program that a launcher started.
public enum LaunchedStream: String, Codable, Sendable {
    case output, error
}

/// How a program that ran under the agent's wrapper ended.
public struct WatchedExit: Codable, Sendable, Equatable {
    /// What people call it: `rank 3`.
    public var label: String
    /// nil when a signal ended it.
    public var code: Int?
    public var signal: Int?
    /// What it wrote last, oldest line first.
    public var lastLines: [String]

    public init(label: String, code: Int?, signal: Int?, lastLines: [String]) {
        self.label = label
        self.code = code
        self.signal = signal
        self.lastLines = lastLines
    }
}

/// What the agent answers.
public enum AgentAnswer: Codable, Sendable, Equatable {
    /// To ``AgentRequest/artifact(reference:)``.
    case artifact(path: String)
    /// To ``AgentRequest/artifacts(references:)``, in their order.
    case artifacts(paths: [String])
    /// Everything that was asked for ended well.
    case done
    /// To ``AgentRequest/reach(host:command:)``: the code with which a shell would report the command's end.
    case exited(code: Int)
    /// It did not: the message is ready for a person.
    case failed(failure: TaskFailure)
}
