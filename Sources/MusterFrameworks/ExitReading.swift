public import MusterModel

/// How the exits of one node's processes in one round are to be read.
public struct ExitReading: Codable, Sendable, Equatable {
    /// The exit codes that mean success.
    public var successCodes: Set<Int>
    /// Whose failure is the cause when several have failed, the first role first.
    public var blame: [ProcessExit.Role]
    /// The exit codes by which a launcher, or a program that it has told of another's end, says no more than that something
    /// has died; by others a launcher says why it has ended everything.
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

    /// The codes in their order, so that equal readings have equal bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.successCodes.sorted(), forKey: .successCodes)
        try container.encode(self.blame, forKey: .blame)
        try container.encode(self.killCodes.sorted(), forKey: .killCodes)
    }

    public func isSuccess(_ exit: ProcessExit) -> Bool { exit.code.map(self.successCodes.contains) ?? false }

    /// What the failed exit tells: launchers and their daemons are nobody's to kill but a person's or the system's, and a
    /// launcher's code may say why it has killed the others.
    public func evidence(of exit: ProcessExit) -> LaunchEvidence {
        guard let code = exit.code else { return exit.role == .watched ? .end : .account }
        return switch exit.role {
        case .watched: self.killCodes.contains(code) ? .silence : .end
        case .remote: .end
        case .planned: self.killCodes.contains(code) ? .hearsay : .account
        }
    }

    /// The exit that is to blame, if any failed: the first of the first role that has one.
    /// - Parameter exits: In the order in which the processes ended.
    public func verdict(on exits: [ProcessExit]) -> ProcessExit? {
        let failed = exits.filter { !self.isSuccess($0) }
        for role in self.blame {
            if let exit = failed.first(where: { $0.role == role }) { return exit }
        }
        return failed.first
    }
}

/// How one process of a round ended.
public struct ProcessExit: Codable, Sendable, Equatable {
    /// What the process was to the round.
    public enum Role: String, Codable, Sendable {
        /// The plan named it.
        case planned
        /// A launcher had it run on this node in place of ssh.
        case remote
        /// A program that a launcher started under the agent's wrapper.
        case watched
    }

    /// What people call it.
    public var label: String
    public var role: Role
    /// nil when a signal ended it.
    public var code: Int?
    public var signal: Int?
    /// What it wrote last, oldest line first.
    public var lastLines: [String]

    public init(label: String, role: Role, code: Int?, signal: Int?, lastLines: [String] = []) {
        self.label = label
        self.role = role
        self.code = code
        self.signal = signal
        self.lastLines = lastLines
    }
}
