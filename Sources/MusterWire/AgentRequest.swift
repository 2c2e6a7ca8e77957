public import FoundationEssentials
public import MusterModel

/// A request of a flow program to its agent over the Unix socket: one JSON object a line, one answer each, in order.
public enum AgentRequest: Codable, Sendable, Equatable {
    /// The path of an artifact's bytes. The agent checks them against their digest before it answers.
    case artifact(reference: ArtifactReference)
    /// The same for several at once, for a join with many inputs.
    case artifacts(references: [ArtifactReference])
    /// Launches the step's framework and answers when it has ended on all nodes:
    /// `framework` is `torchrun`, `options` are what that framework documents.
    case framework(framework: String, options: [String: JSONValue])
    /// Runs one program on this node, in its environment and work folder, and answers with its exit.
    case process(arguments: [String], environment: [String: String])
    /// Publishes a page at once, in place of the one of that name, independent of the task's outcome. `name` is `PLACE_TYPE`
    /// or `PLACE_TYPE_ID`; `path` is a file of the task folder, which the agent moves into the store.
    case card(name: String, path: String)
    /// Waits until the bodies of all nodes have come to this barrier.
    case barrier
    /// Copies a file of this node's work folder to the same place on every other node. For the control node's body.
    case broadcast(path: String)
    /// Runs a command line on the node that a launcher calls `host`, and answers with its exit. From the substitute for ssh.
    case reach(host: String, command: String)
    /// A launched program is about to run. From its wrapper, which keeps the connection open: when it ends before
    /// ``watched(exit:)``, the wrapper was killed, and the program with it.
    case watching(label: String, wrapper: Int32)
    /// Output of the program for this node's log. Answered once the log has room for more, which blocks a program that writes
    /// faster than the store. From its wrapper.
    case written(process: Int, stream: ProcessStream, bytes: Data)
    /// The program has ended; nil when it succeeded or was ended by its launcher. From the wrapper, which leaves after the
    /// answer.
    case watched(exit: WatchedExit?)
}

/// The end of a program that ran under the agent's wrapper.
public struct WatchedExit: Codable, Sendable, Equatable {
    /// Its name for people: `rank 3`.
    public var label: String
    /// nil when a signal ended it.
    public var code: Int?
    public var signal: Int?
    /// Its last lines of output, oldest first.
    public var lastLines: [String]

    public init(label: String, code: Int?, signal: Int?, lastLines: [String]) {
        self.label = label
        self.code = code
        self.signal = signal
        self.lastLines = lastLines
    }
}

/// The agent's answer to an ``AgentRequest``.
public enum AgentAnswer: Codable, Sendable, Equatable {
    /// To ``AgentRequest/artifact(reference:)``.
    case artifact(path: String)
    /// To ``AgentRequest/artifacts(references:)``, in their order.
    case artifacts(paths: [String])
    /// The request has succeeded.
    case done
    /// To ``AgentRequest/reach(host:command:)``: the code with which a shell would report the command's end.
    case exited(code: Int)
    /// The request has failed: the message is for a person.
    case failed(failure: TaskFailure)
}
