package import MusterModel

/// What agents of one gang say to each other. The page `Documentation/GangProtocol.md` is the contract.
package enum GangMessage: Codable, Sendable, Equatable {
    /// The version of the protocol that this code speaks.
    package static let version = 4

    // From a worker.
    case hello(introduction: GangHello)
    case ended(outcome: NodeOutcome)
    case launchRequested(launch: Int, request: LaunchRequest)
    case launchFailed(round: LaunchRound, failure: TaskFailure, evidence: LaunchEvidence)
    case launchHosting(round: LaunchRound)
    case launchEnded(round: LaunchRound)
    case setupReady(stage: Int)
    case barrierReached(barrier: Int)
    case broadcastWanted(broadcast: Int)
    case broadcastTaken(broadcast: Int, failure: TaskFailure?)
    case released

    // From the control node's own runner to its gang's control, never on the wire.
    case remoteRequested(id: Int, node: Int, round: LaunchRound, command: String)
    case remoteAbandoned(id: Int)
    case broadcastRequested(offer: BroadcastOffer)
    // The other way.
    case broadcastEnded(broadcast: Int, failure: TaskFailure?)

    // From the control node.
    case welcome(version: Int)
    case refused(reason: String)
    case roster(roster: PackedRoster)
    case setupStage(stage: Int)
    case setupComplete
    /// `request` is what the control node asked for all; nil when every node has asked.
    case launchStarted(round: LaunchRound, port: Int, processes: [Int], request: LaunchRequest?)
    case launchStopped(round: LaunchRound)
    case launchAnswered(launch: Int, failure: TaskFailure?)
    case remoteStarted(id: Int, round: LaunchRound, command: String)
    case remoteStopped(id: Int)
    case barrierPassed(barrier: Int, failure: TaskFailure?)
    case broadcastOffered(offer: BroadcastOffer)
    case release(failure: TaskFailure?)

    // From both: a worker to the control node, which hands it on to its own runner.
    case remoteEnded(id: Int, code: Int)

    // From both.
    case heartbeat
}

/// A file that the control node sends to every other node. Its bytes follow as data frames.
package struct BroadcastOffer: Codable, Sendable, Equatable {
    /// Counts the broadcasts of an attempt.
    package var broadcast: Int
    /// Relative to the work folder.
    package var path: String
    /// In bytes.
    package var size: Int
    /// The permission bits.
    package var mode: Int
    /// Where the control node has the file, for nodes of the same machine, which take it by themselves.
    package var source: FileIdentity
    /// Where those nodes keep the copy that they share.
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

/// One file of one running system: two nodes that see the same identity see the same file.
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

/// How a worker introduces itself.
package struct GangHello: Codable, Sendable, Equatable {
    package var version: Int
    package var attempt: AttemptID
    package var size: Int
    package var node: RosterNode

    package init(version: Int = GangMessage.version, attempt: AttemptID, size: Int, node: RosterNode) {
        self.version = version
        self.attempt = attempt
        self.size = size
        self.node = node
    }

    /// Why a gang of `size` nodes for `attempt` does not take this node in; nil when it does.
    package func refusal(attempt: AttemptID, size: Int) -> String? {
        if self.version != GangMessage.version {
            return "it speaks version \(self.version) of the gang protocol, this agent version \(GangMessage.version); "
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
