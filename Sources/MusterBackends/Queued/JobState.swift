/// A job as the scheduler tells of it.
public enum JobState: Sendable, Hashable {
    case queued(JobWait)
    /// The job runs, on these hosts in node order where they are known.
    case running(hosts: [String])
    case ended(JobEnd)
    /// Nothing is known; never a sign that the job is gone.
    case unknown(reason: String)
}

/// Why a job waits.
public struct JobWait: Codable, Sendable, Hashable {
    /// The scheduler's own word.
    public var reason: String
    /// One sentence: what it means, and what can be done.
    public var advice: String?
    /// The job can never start as it was submitted.
    public var isHopeless: Bool
    /// When the scheduler means to start it, in its own words.
    public var estimate: String?
    /// Nodes of the gang that have machines while others wait, at a place that gives them one by one; nil: none has.
    public var placed: Int?

    public init(
        reason: String, advice: String? = nil, isHopeless: Bool = false, estimate: String? = nil, placed: Int? = nil
    ) {
        self.reason = reason
        self.advice = advice
        self.isHopeless = isHopeless
        self.estimate = estimate
        self.placed = placed
    }
}

/// How a job ended, as the scheduler tells it. How the attempt ended stands in its report.
public struct JobEnd: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case completed, failed, cancelled, timeLimit, outOfMemory
        /// A machine of it failed.
        case nodeFailed
        /// It gave way to another job.
        case preempted
        /// The place could not start it.
        case notStarted
        /// The scheduler answers and denies knowing the job.
        case forgotten

        /// True for ends that are the place's fault.
        public var isPlace: Bool {
            switch self {
            case .nodeFailed, .preempted, .notStarted, .forgotten: true
            case .completed, .failed, .cancelled, .timeLimit, .outOfMemory: false
            }
        }
    }

    public var kind: Kind
    /// The scheduler's own words.
    public var reason: String
    public var exitCode: Int?
    public var signal: Int?

    public init(kind: Kind, reason: String, exitCode: Int? = nil, signal: Int? = nil) {
        self.kind = kind
        self.reason = reason
        self.exitCode = exitCode
        self.signal = signal
    }
}

extension JobState: Codable {
    private enum Key: String, CodingKey { case queued, running, ended, unknown }
    private struct Run: Codable { var hosts: [String]? }
    private struct Reason: Codable { var reason: String? }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        if let wait = try container.decodeIfPresent(JobWait.self, forKey: .queued) {
            self = .queued(wait)
        } else if let run = try container.decodeIfPresent(Run.self, forKey: .running) {
            self = .running(hosts: run.hosts ?? [])
        } else if let end = try container.decodeIfPresent(JobEnd.self, forKey: .ended) {
            self = .ended(end)
        } else {
            // A state of a later version is one that says nothing.
            let reason = try? container.decodeIfPresent(Reason.self, forKey: .unknown)
            self = .unknown(reason: reason?.reason ?? "a state that this version of Muster does not know")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .queued(let wait): try container.encode(wait, forKey: .queued)
        case .running(let hosts): try container.encode(Run(hosts: hosts), forKey: .running)
        case .ended(let end): try container.encode(end, forKey: .ended)
        case .unknown(let reason): try container.encode(Reason(reason: reason), forKey: .unknown)
        }
    }
}
