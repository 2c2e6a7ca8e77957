package import MusterModel

/// What agents of one gang say to each other. The page `Documentation/GangProtocol.md` is the contract.
package enum GangMessage: Codable, Sendable, Equatable {
    /// The version of the protocol that this code speaks.
    package static let version = 1

    // From a worker.
    case hello(introduction: GangHello)
    case ended(outcome: NodeOutcome)
    case launchRequested(launch: Int, request: LaunchRequest)
    case launchFailed(round: LaunchRound, failure: TaskFailure)
    case launchEnded(round: LaunchRound)
    case released

    // From the control node.
    case welcome(version: Int)
    case refused(reason: String)
    case roster(roster: Roster)
    case launchStarted(round: LaunchRound, port: Int, processes: [Int])
    case launchStopped(round: LaunchRound)
    case launchAnswered(launch: Int, failure: TaskFailure?)
    case release(failure: TaskFailure?)

    // From both.
    case heartbeat
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
        if self.node.cpus < 0 || self.node.gpus < 0 { return "it gives a negative number of cpus or gpus" }
        return nil
    }
}
