/// A job, or a node of one, as DescribeJobs tells of it.
struct JobDescription: Decodable, Sendable, Hashable {
    var jobId: String
    var jobName: String
    var status: String
    var statusReason: String?
    var isCancelled: Bool?
    var isTerminated: Bool?
    /// Of a job with one container, and of a node.
    var container: Container?
    var attempts: [Attempt]?
    /// Of a multi-node job.
    var nodeProperties: Nodes?
    var jobQueue: String?

    struct Container: Decodable, Sendable, Hashable {
        var exitCode: Int?
        var reason: String?
        var logStreamName: String?
    }

    struct Attempt: Decodable, Sendable, Hashable {
        var statusReason: String?
        var container: Container?
        var taskProperties: [Task]?

        struct Task: Decodable, Sendable, Hashable { var containers: [Container]? }
    }

    struct Nodes: Decodable, Sendable, Hashable { var numNodes: Int }
}

extension JobDescription {
    /// The last container that ran for it. Jobs with tasks of several containers tell of them in another place.
    var lastContainer: Container? {
        let last = self.attempts?.last
        let tasks = last?.taskProperties?.first?.containers?.first
        let told = [last?.container, tasks, self.container].compactMap(\.self)
        guard !told.isEmpty else { return nil }
        return Container(
            exitCode: told.lazy.compactMap(\.exitCode).first, reason: told.lazy.compactMap(\.reason).first,
            logStreamName: told.lazy.compactMap(\.logStreamName).first)
    }

    /// AWS's words about the end: the reason of the last attempt says more than the job's, the container's most.
    var endReason: String {
        var words: [String] = []
        for text in [self.lastContainer?.reason, self.attempts?.last?.statusReason, self.statusReason] {
            if let text, !text.isEmpty, !words.contains(where: { $0.contains(text) }) { words.append(text) }
        }
        return words.isEmpty ? self.status : words.joined(separator: "; ")
    }
}
