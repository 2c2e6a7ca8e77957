/// Times of a gang's agents, which travel in their specification where they are not the defaults. All are seconds.
public struct NodeSettings: Codable, Sendable, Hashable {
    /// Between SIGTERM and SIGKILL after a failure, at most: all other nodes wait for the end.
    public var failureGrace = 0.6
    /// For a framework's services to come up, per stage; nil: as long as the framework says.
    public var setupDeadline: Double?
    /// Between two heartbeats of a connection.
    public var heartbeatInterval = 1.0
    /// A peer that has not been heard of for this long counts as lost.
    public var heartbeatTimeout = 5.0
    /// For a connection's handshake and hello together.
    public var handshakeTimeout = 10.0
    /// For a worker's TCP connection to the control node.
    public var connectTimeout = 5.0
    /// The longest pause between two tries of a worker to connect.
    public var reconnectInterval = 0.5
    /// For a launcher to report why it killed its ranks, before it is blamed itself.
    public var launcherGrace = 0.25
    /// For every node to report a service or a program that has ended there, before one is blamed.
    public var reportGrace = 0.8
    /// For an agent to be rid of what it still has to say when it leaves.
    public var leaveTimeout = 2.0
    /// For Python to answer a question about the step's framework.
    public var planTimeout = 30.0
    /// For which growth of a log is collected before the engine hears of it.
    public var logInterval = 0.005
    /// Between two looks at a port or a file that a framework has to make.
    public var probeInterval = 0.02
    public var logLevel = LogLevel.info

    public init() {}
}
