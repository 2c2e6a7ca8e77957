import MusterModel
import MusterWire

/// A node's place in its gang, and the gang's collective operations.
public struct ParallelPlace: Sendable {
    /// The control node's address, which every node of the gang can reach.
    public let controlAddress: String
    /// The number of nodes in the gang.
    public let nodes: Int
    /// 0 on the control node.
    public let nodeIndex: Int
    public let controlTaskID: String
    private let agent: AgentClient

    init(_ frame: ParallelFrame, agent: AgentClient) {
        self.controlAddress = frame.controlAddress
        self.nodes = frame.nodes
        self.nodeIndex = frame.index
        self.controlTaskID = frame.controlTaskID
        self.agent = agent
    }

    /// True on the control node.
    public var isControl: Bool { self.nodeIndex == 0 }

    /// Waits until the bodies of all nodes have called it.
    /// - Throws: ``StepFailure`` when one of them has ended without coming.
    public func barrier() async throws { try await self.agent.perform(.barrier) }

    /// Copies a file of the control node's work folder to the same place on every other node. Only the control node
    /// calls it. The file is there on all nodes when the call returns; the others learn that by a ``barrier()``.
    /// - Parameter path: relative to the work folder.
    /// - Throws: ``StepFailure`` when there is no such file, or a node cannot take it.
    public func broadcastFile(_ path: String) async throws { try await self.agent.perform(.broadcast(path: path)) }

    /// Starts a program on one node or on every node, and waits for its end everywhere. The first failure ends all of
    /// them.
    ///
    /// It may be called on every node or on the control node only: the gang runs it once.
    /// - Parameters:
    ///   - arguments: the program, by path or by name, and its arguments.
    ///   - environment: variables to set on top of the step's own.
    /// - Throws: ``StepFailure`` that names the node that failed, how, and its last lines of output.
    public func launch(
        _ arguments: [String], on nodes: LaunchNodes = .all, environment: [String: String] = [:]
    ) async throws {
        let place: JSONValue =
            switch nodes {
            case .all: .string("all")
            case .control: .string("control")
            case .node(let index): .int(index)
            }
        try await self.agent.perform(
            .framework(
                framework: "parallel",
                options: [
                    "arguments": .texts(arguments), "environment": .object(environment.mapValues { .string($0) }),
                    "nodes": place,
                ]))
    }
}

/// The nodes on which a program is started.
public enum LaunchNodes: Sendable, Hashable {
    case all, control
    case node(Int)
}
