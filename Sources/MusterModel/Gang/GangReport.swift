/// The end of one attempt of a gang. The control node's agent writes it once, when every node has reported or is lost.
public struct GangReport: Codable, Sendable, Equatable {
    /// The root cause; nil when every node succeeded.
    public var failure: TaskFailure?
    /// In node order.
    public var nodes: [NodeReport]
    /// Unix time in seconds.
    public var started: Double
    public var finished: Double

    public init(failure: TaskFailure?, nodes: [NodeReport], started: Double, finished: Double) {
        self.failure = failure
        self.nodes = nodes
        self.started = started
        self.finished = finished
    }
}

extension GangReport {
    /// The artifacts that the nodes have left.
    package var references: [ArtifactReference] {
        self.nodes.flatMap { ($0.result?.references ?? []) + Array(($0.left ?? [:]).values) }
    }
}

/// The end of one node.
public struct NodeReport: Codable, Sendable, Equatable {
    public enum Status: String, Codable, Sendable {
        case succeeded
        /// This node is the cause.
        case failed
        /// It was stopped because another node failed, or because the attempt was cancelled or timed out.
        case stopped
    }

    public var index: Int
    public var status: Status
    /// The result of the step body; nil unless the body ran to its end.
    public var result: NodeResult?
    /// The artifacts that were there when the body failed, those that it had set among them; nil for a body that succeeded,
    /// and for one whose program was ended.
    public var left: [String: ArtifactReference]?

    public init(
        index: Int, status: Status, result: NodeResult? = nil, left: [String: ArtifactReference]? = nil
    ) {
        self.index = index
        self.status = status
        self.result = result
        self.left = left
    }
}

/// The result of a step body on one node, already in the store.
public struct NodeResult: Codable, Sendable, Equatable {
    public var transition: Transition
    /// Every artifact that is visible after the step, unchanged ones included.
    public var artifacts: [String: ArtifactReference]
    /// The elements of a foreach, one JSON text per line; nil for other transitions.
    public var items: ArtifactReference?

    public init(transition: Transition, artifacts: [String: ArtifactReference], items: ArtifactReference? = nil) {
        self.transition = transition
        self.artifacts = artifacts
        self.items = items
    }
}

extension NodeResult {
    /// The artifacts that the result names.
    package var references: [ArtifactReference] { Array(self.artifacts.values) + (self.items.map { [$0] } ?? []) }
}

/// Why an attempt failed: what a person reads, and what `@Catch` stores.
public struct TaskFailure: Codable, Sendable, Equatable, Error {
    /// A stable dotted code; programs match on it, never on the message.
    public enum Code: String, Codable, Sendable {
        /// The step body threw.
        case body = "step.error"
        /// A process left with a code other than 0.
        case exit = "process.exit"
        /// A process was ended by a signal.
        case signal = "process.signal"
        /// A node's agent died or fell silent.
        case lost = "node.lost"
        /// The place took the nodes away: a host failed, the job was preempted or evicted.
        case place = "place.failed"
        /// The place had machines for some of the nodes alone, which were let go.
        case split = "gang.split"
        /// Nodes did not come to the rendezvous in time.
        case rendezvous = "gang.rendezvous"
        case timeout = "task.timeout"
        case cancelled = "run.cancelled"
        /// The gang asks for more than there is; no attempt was made.
        case refused = "gang.refused"
        /// The step's environment could not be made.
        case environment = "step.environment"
        /// A request or a file broke the step protocol.
        case contract = "step.protocol"
        /// An artifact could not be read or written.
        case store = "store.error"

        /// True when another attempt can end differently. A breach of the step protocol is a fault of the flow's
        /// source, so a retry would repeat it.
        public var canRetry: Bool {
            switch self {
            case .cancelled, .refused, .contract: false
            case .body, .exit, .signal, .lost, .place, .split, .rendezvous, .timeout, .environment, .store: true
            }
        }

        /// Whose fault it is: failures of the place have a retry budget of their own (``PlaceRetry``).
        public var fault: Fault {
            switch self {
            case .place, .split: .place
            case .lost, .rendezvous, .store: .muster
            case .body, .exit, .signal, .timeout, .cancelled, .refused, .environment, .contract: .user
            }
        }
    }

    /// The party that a failure is attributed to.
    public enum Fault: String, Codable, Sendable {
        /// The flow, its settings, or the person who runs it.
        case user
        /// The scheduler or the hosts it gave.
        case place
        /// The agents, their connections or the store.
        case muster
    }

    public var code: Code
    /// One sentence that names the thing at fault; what can be done about it comes last.
    public var message: String
    /// The node that is the cause, where there is one.
    public var node: Int?
    /// The process that is the cause: `step`, or what the framework calls it, such as `rank 3`.
    public var process: String?
    public var exitCode: Int?
    public var signal: Int?
    /// The process's last lines of output, oldest first.
    public var lastLines: [String]
    /// The exception that the body raised, if its front end reports it.
    public var exception: RaisedException?
    /// Seconds after which another attempt is to be made, where whoever tells of the failure knows better.
    public var retryAfter: Double?
    /// Identifies a failure that an agent reports to a step body: an error of the body that names it is this failure.
    public var id: String?

    public init(
        code: Code, message: String, node: Int? = nil, process: String? = nil, exitCode: Int? = nil,
        signal: Int? = nil, lastLines: [String] = [], exception: RaisedException? = nil
    ) {
        self.code = code
        self.message = message
        self.node = node
        self.process = process
        self.exitCode = exitCode
        self.signal = signal
        self.lastLines = lastLines
        self.exception = exception
    }
}

/// An exception of the flow's own language, for programs in that language.
public struct RaisedException: Codable, Sendable, Equatable {
    /// Its class with the module, such as `builtins.ValueError`.
    public var type: String
    /// Its own words.
    public var text: String
    /// The stack trace as people see it.
    public var trace: String

    public init(type: String, text: String, trace: String) {
        self.type = type
        self.text = text
        self.trace = trace
    }
}
