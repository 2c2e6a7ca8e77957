package import MusterModel

/// Limits and intervals of one place. Differences between places are data.
public struct BackendCapabilities: Codable, Sendable, Hashable {
    /// Nodes of the largest gang; nil where only the request tells.
    public var largestGang: Int?
    /// Seconds between two looks at all jobs.
    public var lookEvery: Double
    /// The same once nothing has changed for ten minutes.
    public var lookEveryWhenQuiet: Double
    /// Submissions that may come at once, and how many a second after that.
    public var submissionBurst: Int
    public var submissionsPerSecond: Double
    /// A gang may name the container image that its nodes run in.
    public var takesImages: Bool
    /// Seconds that a gang has between the wish to end it and ``ComputeBackend/cancel(_:)``.
    public var endGrace: Double
    /// Seconds after its first attempt has begun in which a job of one node is given further attempts that ask for the
    /// same; 0: each attempt has a job of its own. The place has to know a job by ``BackendJob/id`` alone.
    public var reuseWindow: Double
    /// A node that is lost was a machine, so the place is at fault; false where nodes are processes of one machine.
    public var losesNodes: Bool
    /// Its nodes see the folder of the store under the engine's path; false: nothing but the bucket that the store is in.
    public var sharesFolder: Bool
    /// Seconds for all nodes of a job that runs to come to the rendezvous; nil: as for any place. Longer where the first
    /// node runs while machines for the others are still being started.
    public var rendezvousDeadline: Double?
    /// The place hands its nodes the key of their connections (``ComputeBackend/submit(_:key:)``); false: they find it in
    /// the store.
    public var deliversKey: Bool

    public init(
        largestGang: Int? = nil, lookEvery: Double = 10, lookEveryWhenQuiet: Double = 30, submissionBurst: Int = 20,
        submissionsPerSecond: Double = 1, takesImages: Bool = false, endGrace: Double = 5,
        reuseWindow: Double = 0, losesNodes: Bool = true, sharesFolder: Bool = true,
        rendezvousDeadline: Double? = nil, deliversKey: Bool = false
    ) {
        self.largestGang = largestGang
        self.lookEvery = lookEvery
        self.lookEveryWhenQuiet = lookEveryWhenQuiet
        self.submissionBurst = submissionBurst
        self.submissionsPerSecond = submissionsPerSecond
        self.takesImages = takesImages
        self.endGrace = endGrace
        self.reuseWindow = reuseWindow
        self.losesNodes = losesNodes
        self.sharesFolder = sharesFolder
        self.rendezvousDeadline = rendezvousDeadline
        self.deliversKey = deliversKey
    }

    /// Fields that are left out have their defaults.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        self.largestGang = try fields.decodeIfPresent(Int.self, forKey: .largestGang)
        self.lookEvery = try fields.decodeIfPresent(Double.self, forKey: .lookEvery) ?? self.lookEvery
        self.lookEveryWhenQuiet =
            try fields.decodeIfPresent(Double.self, forKey: .lookEveryWhenQuiet) ?? self.lookEveryWhenQuiet
        self.submissionBurst = try fields.decodeIfPresent(Int.self, forKey: .submissionBurst) ?? self.submissionBurst
        self.submissionsPerSecond =
            try fields.decodeIfPresent(Double.self, forKey: .submissionsPerSecond) ?? self.submissionsPerSecond
        self.takesImages = try fields.decodeIfPresent(Bool.self, forKey: .takesImages) ?? self.takesImages
        self.endGrace = try fields.decodeIfPresent(Double.self, forKey: .endGrace) ?? self.endGrace
        self.reuseWindow = try fields.decodeIfPresent(Double.self, forKey: .reuseWindow) ?? self.reuseWindow
        self.losesNodes = try fields.decodeIfPresent(Bool.self, forKey: .losesNodes) ?? self.losesNodes
        self.sharesFolder = try fields.decodeIfPresent(Bool.self, forKey: .sharesFolder) ?? self.sharesFolder
        self.rendezvousDeadline = try fields.decodeIfPresent(Double.self, forKey: .rendezvousDeadline)
        // The messages of a backend program hold no secret: nodes of its place find the key in the store.
        self.deliversKey = false
    }

    /// These, with what the settings say otherwise than by default.
    package func changed(by settings: QueueSettings) -> BackendCapabilities {
        let usual = QueueSettings()
        let wanted = BackendCapabilities(settings, takesImages: self.takesImages)
        var changed = self
        if settings.lookInterval != usual.lookInterval { changed.lookEvery = wanted.lookEvery }
        if settings.quietLookInterval != usual.quietLookInterval {
            changed.lookEveryWhenQuiet = wanted.lookEveryWhenQuiet
        }
        if settings.submissionBurst != usual.submissionBurst { changed.submissionBurst = wanted.submissionBurst }
        if settings.submissionInterval != usual.submissionInterval {
            changed.submissionsPerSecond = wanted.submissionsPerSecond
        }
        // A place that does not take it has 0.
        if settings.reuseWindow != usual.reuseWindow, self.reuseWindow > 0 { changed.reuseWindow = wanted.reuseWindow }
        if !settings.sharesFolder { changed.sharesFolder = false }
        if settings.rendezvousDeadline != usual.rendezvousDeadline {
            changed.rendezvousDeadline = settings.rendezvousDeadline
        }
        return changed
    }

    /// Those of a scheduler that serves other users too.
    package init(_ settings: QueueSettings, takesImages: Bool) {
        self.init(
            lookEvery: settings.lookInterval, lookEveryWhenQuiet: settings.quietLookInterval,
            submissionBurst: settings.submissionBurst,
            submissionsPerSecond: settings.submissionInterval > 0 ? 1 / settings.submissionInterval : 1e6,
            takesImages: takesImages, reuseWindow: settings.reuseWindow, sharesFolder: settings.sharesFolder)
    }
}
