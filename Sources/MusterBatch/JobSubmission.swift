import FoundationEssentials
import MusterBackends
import MusterModel

/// SubmitJob's request for one attempt, without the revision of its definition.
struct JobSubmission: Codable, Sendable, Hashable {
    var jobName: String
    var jobQueue: String
    var jobDefinition: String
    var retryStrategy = Retries(attempts: 1)
    var timeout: Timeout?
    var shareIdentifier: String?
    var schedulingPriorityOverride: Int?
    var propagateTags = true
    var tags: [String: String]
    var containerOverrides: Overrides?
    var nodeOverrides: NodeOverrides?

    /// Muster tries whole gangs again by itself, and knows what for.
    struct Retries: Codable, Sendable, Hashable { var attempts: Int }
    struct Timeout: Codable, Sendable, Hashable { var attemptDurationSeconds: Int }

    struct Overrides: Codable, Sendable, Hashable {
        var environment: [JobDefinition.Variable]
    }

    struct NodeOverrides: Codable, Sendable, Hashable {
        var numNodes: Int
        var nodePropertyOverrides: [Property]

        struct Property: Codable, Sendable, Hashable {
            var targetNodes = "0:"
            var containerOverrides: Overrides
        }
    }
}

extension JobSubmission {
    /// Seconds that an attempt has at least.
    private static let shortest = 60.0
    /// Characters of the container's overrides that ECS takes; it tells so only when the job starts.
    private static let largestOverrides = 8192

    init(
        _ launch: GangLaunch, _ options: BatchOptions, definition: String, words: String
    ) throws(BackendError) {
        let overrides = Overrides(
            environment: words.isEmpty ? [] : [.init(name: BatchCommand.variable, value: words)])
        let size = try JobDefinition.encoded(overrides).count
        guard size <= Self.largestOverrides else {
            throw BackendError(
                code: .refused,
                message:
                    "the address of the agent is too long for AWS Batch: a job's overrides have \(size) of at most \(Self.largestOverrides) characters",
                isTransient: false)
        }
        let attempt = launch.attempt
        self.init(
            jobName: launch.name, jobQueue: options.queue, jobDefinition: definition,
            timeout: launch.timeLimit.map {
                Timeout(attemptDurationSeconds: Int(min(max($0, Self.shortest), 1e9).rounded(.up)))
            },
            shareIdentifier: options.share, schedulingPriorityOverride: options.priority,
            tags: options.tags.merging([
                "muster:flow": attempt.flow, "muster:run": attempt.run, "muster:step": attempt.step,
                "muster:attempt": "\(attempt.task).\(attempt.attempt)",
            ]) { $1 })
        if launch.nodes == 1 {
            self.containerOverrides = overrides
        } else {
            self.nodeOverrides = NodeOverrides(
                numNodes: launch.nodes, nodePropertyOverrides: [.init(containerOverrides: overrides)])
        }
    }
}

/// Both requests of an attempt, as a dry run prints them and as they are sent.
struct BatchRequestText: StructuredRequest, Hashable {
    static let placeName = "AWS Batch"

    var definition: JobDefinition
    var submission: JobSubmission

    init(_ launch: GangLaunch, _ options: BatchOptions) throws(BackendError) {
        let command = try BatchCommand(launch.command)
        self.definition = try JobDefinition(launch, options, command: command.definition)
        self.submission = try JobSubmission(
            launch, options, definition: self.definition.jobDefinitionName, words: command.words)
    }
}
