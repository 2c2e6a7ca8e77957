public import MusterModel

/// The interpretation of exit codes of one node's processes in one round.
public struct ExitReading: Codable, Sendable, Equatable {
    /// The exit codes that mean success.
    public var successCodes: Set<Int>
    /// The order of blame when several processes have failed.
    public var blame: [ProcessExit.Role]
    /// Exit codes of a launcher, or of a rank that it has notified, that only mean that some process has died. All
    /// other codes of a launcher give the reason why it ended the job.
    public var killCodes: Set<Int>

    public init(
        successCodes: Set<Int> = [0], blame: [ProcessExit.Role] = [.watched, .remote, .planned],
        killCodes: Set<Int> = []
    ) {
        self.successCodes = successCodes
        self.blame = blame
        self.killCodes = killCodes
    }

    private enum CodingKeys: String, CodingKey { case successCodes, blame, killCodes }

    /// Sorted, so that equal values are encoded to equal bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.successCodes.sorted(), forKey: .successCodes)
        try container.encode(self.blame, forKey: .blame)
        try container.encode(self.killCodes.sorted(), forKey: .killCodes)
    }

    public func isSuccess(_ exit: ProcessExit) -> Bool { exit.code.map(self.successCodes.contains) ?? false }

    /// The weight of a failed exit as evidence. A signal that kills a launcher or a daemon comes from outside of the
    /// job, and a launcher's code may be the reason why it killed the ranks.
    public func evidence(of exit: ProcessExit) -> LaunchEvidence {
        guard let code = exit.code else { return exit.role == .watched ? .end : .account }
        return switch exit.role {
        case .watched: self.killCodes.contains(code) ? .silence : .end
        case .remote: .end
        case .planned: self.killCodes.contains(code) ? .hearsay : .account
        }
    }

    /// The exit to blame, or nil: the earliest failure of the first role in the order of blame.
    /// - Parameter exits: In the order of the processes' ends.
    public func verdict(on exits: [ProcessExit]) -> ProcessExit? {
        let failed = exits.filter { !self.isSuccess($0) }
        for role in self.blame {
            if let exit = failed.first(where: { $0.role == role }) { return exit }
        }
        return failed.first
    }
}

/// The exit of one process of a round.
public struct ProcessExit: Codable, Sendable, Equatable {
    /// The role of the process in the round.
    public enum Role: String, Codable, Sendable {
        /// A process of the plan.
        case planned
        /// A command that a launcher ran on this node through the agent in place of ssh.
        case remote
        /// A program that a launcher started under the agent's wrapper.
        case watched
    }

    /// The name in messages.
    public var label: String
    public var role: Role
    /// nil when a signal ended it.
    public var code: Int?
    public var signal: Int?
    /// The last lines of its output, oldest first.
    public var lastLines: [String]

    public init(label: String, role: Role, code: Int?, signal: Int?, lastLines: [String] = []) {
        self.label = label
        self.role = role
        self.code = code
        self.signal = signal
        self.lastLines = lastLines
    }
}
