package import MusterModel

/// The version of the gang protocol that this code speaks. The page `Documentation/GangProtocol.md` is the contract.
package enum GangProtocol {
    package static let version = 4
}

/// One direction of the gang protocol.
package protocol GangMessage: Codable, Sendable, Equatable {
    /// The messages of the other direction.
    associatedtype Reply: GangMessage where Reply.Reply == Self

    /// Sent once a second. The connection's handler consumes it.
    static var heartbeat: Self { get }
    /// True for the message that opens a connection: `hello` from a worker, `welcome` from the control node.
    var isOpening: Bool { get }
}

/// A message from a worker to the control node.
package enum WorkerMessage: GangMessage {
    package typealias Reply = ControlMessage

    case hello(introduction: GangHello)
    case heartbeat
    case setupReady(stage: Int)
    case launchRequested(launch: Int, request: LaunchRequest)
    case launchHosting(round: LaunchRound)
    case launchFailed(round: LaunchRound, failure: TaskFailure, evidence: LaunchEvidence)
    case launchEnded(round: LaunchRound)
    case remoteEnded(id: Int, code: Int)
    case barrierReached(barrier: Int)
    case broadcastWanted(broadcast: Int)
    case broadcastTaken(broadcast: Int, failure: TaskFailure?)
    case ended(outcome: NodeOutcome)
    case released

    package var isOpening: Bool { if case .hello = self { true } else { false } }
}

/// A message from the control node to a worker.
package enum ControlMessage: GangMessage {
    package typealias Reply = WorkerMessage

    case welcome(version: Int)
    case refused(reason: String)
    case heartbeat
    case roster(roster: PackedRoster)
    case setupStage(stage: Int)
    case setupComplete
    /// `request` is set when the control node asked for all nodes, and nil when every node has asked.
    case launchStarted(round: LaunchRound, port: Int, processes: [Int], request: LaunchRequest?)
    case launchStopped(round: LaunchRound)
    case launchAnswered(launch: Int, failure: TaskFailure?)
    case remoteStarted(id: Int, round: LaunchRound, command: String)
    case remoteStopped(id: Int)
    case barrierPassed(barrier: Int, failure: TaskFailure?)
    case broadcastOffered(offer: BroadcastOffer)
    case release(failure: TaskFailure?)

    package var isOpening: Bool { if case .welcome = self { true } else { false } }
}

/// A file that the control node sends to every other node. Its bytes follow in data frames.
package struct BroadcastOffer: Codable, Sendable, Equatable {
    /// Counts the broadcasts of an attempt.
    package var broadcast: Int
    /// Relative to the work folder.
    package var path: String
    /// In bytes.
    package var size: Int
    /// The permission bits.
    package var mode: Int
    /// The file on the control node. Nodes of the same machine copy it from there instead of receiving it.
    package var source: FileIdentity
    /// The path of the one copy that those nodes hard-link.
    package var shared: String

    package init(broadcast: Int, path: String, size: Int, mode: Int, source: FileIdentity, shared: String) {
        self.broadcast = broadcast
        self.path = path
        self.size = size
        self.mode = mode
        self.source = source
        self.shared = shared
    }
}

/// A file of one booted kernel. Two nodes that compute the same identity see the same file.
package struct FileIdentity: Codable, Sendable, Equatable {
    /// The kernel's boot id.
    package var system: String
    package var path: String
    package var device: UInt64
    package var inode: UInt64

    package init(system: String, path: String, device: UInt64, inode: UInt64) {
        self.system = system
        self.path = path
        self.device = device
        self.inode = inode
    }
}

/// The introduction of a worker.
package struct GangHello: Codable, Sendable, Equatable {
    package var version: Int
    package var attempt: AttemptID
    package var size: Int
    package var node: RosterNode

    package init(version: Int = GangProtocol.version, attempt: AttemptID, size: Int, node: RosterNode) {
        self.version = version
        self.attempt = attempt
        self.size = size
        self.node = node
    }

    /// The reason for which a gang of `size` nodes for `attempt` refuses this node; nil when it accepts it.
    package func refusal(attempt: AttemptID, size: Int) -> String? {
        if self.version != GangProtocol.version {
            return
                "it speaks version \(self.version) of the gang protocol, this agent version \(GangProtocol.version); "
                + "use agents of one release"
        }
        if self.attempt != attempt { return "it belongs to \(self.attempt), not to \(attempt)" }
        if self.size != size { return "it expects \(self.size) nodes, this gang has \(size)" }
        if !(1..<size).contains(self.node.index) {
            return "a worker's index is between 1 and \(size - 1), not \(self.node.index)"
        }
        if self.node.address.isEmpty || self.node.address.utf8.count > 255 { return "it gives no usable address" }
        if self.node.cpus < 0 || self.node.gpus < 0 || self.node.memory < 0 {
            return "it gives a negative number of cpus or gpus, or a negative size of memory"
        }
        if !self.node.ports.allSatisfy((1...65535).contains) { return "it gives a port that is none" }
        return nil
    }
}
