import FoundationEssentials
package import MusterAWS
package import MusterBackends
import MusterHTTP

/// AWS Batch's operations, and the one of CloudWatch Logs that tells how a container ended. What a request holds is what
/// AWS's own service model says (https://docs.aws.amazon.com/batch/latest/APIReference).
package struct BatchClient: Sendable {
    /// Jobs that one DescribeJobs takes.
    static let mostJobs = 100
    static let logGroup = "/aws/batch/job"

    private let batch: AWSService
    private let logs: AWSService

    package init(batch: AWSService, logs: AWSService) {
        self.batch = batch
        self.logs = logs
    }

    /// The services that AWS's variables and files name.
    /// - Throws: A ``BackendError`` for a setting of AWS that cannot be used.
    package init(_ profiles: AWSProfiles) throws(BackendError) {
        let keeper = CredentialKeeper(profiles, region: profiles.region ?? "us-east-1", trust: profiles.trust)
        do {
            self.init(
                batch: try AWSService(.init(host: "batch", setting: "batch"), profiles: profiles, keeper: keeper),
                logs: try AWSService(
                    .init(host: "logs", setting: "cloudwatch_logs"), profiles: profiles, keeper: keeper))
        } catch {
            throw BackendError(code: .missing, message: "AWS Batch cannot be asked: \(error)", isTransient: false)
        }
    }

    // MARK: - Jobs

    private struct Submitted: Decodable { let jobId: String }

    /// - Returns: The job's identifier. After an error of kind `failed` nobody knows whether there is one.
    func submit(_ submission: JobSubmission) async throws(BackendError) -> String {
        let answer: Submitted = try await self.ask("submitjob", submission, isRepeatable: false)
        return answer.jobId
    }

    private struct Described: Decodable { let jobs: [JobDescription] }
    private struct Jobs: Encodable { let jobs: [String] }

    /// At most ``mostJobs`` jobs, or nodes of jobs as `JOB#INDEX`. Those that AWS does not know are missing.
    func describe(_ ids: [String]) async throws(BackendError) -> [JobDescription] {
        let answer: Described = try await self.ask("describejobs", Jobs(jobs: ids))
        return answer.jobs
    }

    private struct Termination: Encodable {
        let jobId: String
        let reason: String
    }
    private struct Nothing: Decodable {}

    /// Ends the job in whatever state it is.
    func terminate(_ id: String, reason: String) async throws(BackendError) {
        let _: Nothing = try await self.ask("terminatejob", Termination(jobId: id, reason: reason))
    }

    struct Listing: Codable, Sendable {
        struct Filter: Codable, Sendable {
            let name: String
            let values: [String]
        }

        var jobQueue: String
        var filters: [Filter]
        var maxResults = 100
        var nextToken: String?
    }

    struct Summary: Decodable, Sendable, Hashable {
        let jobId: String
        let jobName: String
        let status: String?
    }

    private struct Page: Decodable {
        let jobSummaryList: [Summary]
        let nextToken: String?
    }

    /// The jobs of a queue whose names begin with `prefix`, in every state.
    func jobs(in queue: String, named prefix: String) async throws(BackendError) -> [Summary] {
        var listing = Listing(jobQueue: queue, filters: [.init(name: "JOB_NAME", values: ["\(prefix)*"])])
        var found: [Summary] = []
        repeat {
            let page: Page = try await self.ask("listjobs", listing)
            // AWS compares without regard to case.
            found += page.jobSummaryList.filter { $0.jobName.hasPrefix(prefix) }
            listing.nextToken = page.nextToken
        } while listing.nextToken != nil
        return found
    }

    // MARK: - Definitions

    private struct DefinitionSearch: Encodable {
        let jobDefinitionName: String
        let status = "ACTIVE"
    }
    private struct Definitions: Decodable {
        struct Entry: Decodable { let revision: Int }
        let jobDefinitions: [Entry]
    }

    /// The newest revision of the definition; nil when there is none.
    func revision(of name: String) async throws(BackendError) -> Int? {
        let answer: Definitions = try await self.ask(
            "describejobdefinitions", DefinitionSearch(jobDefinitionName: name))
        return answer.jobDefinitions.map(\.revision).max()
    }

    private struct Registered: Decodable { let revision: Int }

    /// Two registrations at the same time make two equal revisions, which does no harm.
    func register(_ definition: JobDefinition) async throws(BackendError) -> Int {
        let answer: Registered = try await self.ask("registerjobdefinition", definition)
        return answer.revision
    }

    // MARK: - Queues

    struct Queue: Decodable, Sendable {
        let jobQueueName: String
        let state: String?
        let status: String?
        let statusReason: String?
        let computeEnvironmentOrder: [Order]?

        struct Order: Decodable, Sendable { let computeEnvironment: String }
    }
    private struct Queues: Decodable { let jobQueues: [Queue] }
    private struct QueueSearch: Encodable { let jobQueues: [String] }

    func queue(_ name: String) async throws(BackendError) -> Queue? {
        let answer: Queues = try await self.ask("describejobqueues", QueueSearch(jobQueues: [name]))
        return answer.jobQueues.first
    }

    struct Environment: Decodable, Sendable {
        let computeEnvironmentName: String
        let type: String?
        let state: String?
        let status: String?
        let statusReason: String?
        let computeResources: Resources?

        struct Resources: Decodable, Sendable {
            let type: String?
            let maxvCpus: Int?
        }
    }
    private struct Environments: Decodable { let computeEnvironments: [Environment] }
    private struct EnvironmentSearch: Encodable { let computeEnvironments: [String] }

    func environments(_ names: [String]) async throws(BackendError) -> [Environment] {
        let answer: Environments = try await self.ask(
            "describecomputeenvironments", EnvironmentSearch(computeEnvironments: names))
        return answer.computeEnvironments
    }

    private struct Snapshot: Decodable {
        struct Front: Decodable { let jobs: [Entry] }
        struct Entry: Decodable { let jobArn: String }
        let frontOfQueue: Front?
    }
    private struct SnapshotSearch: Encodable { let jobQueue: String }

    /// The identifiers of the first jobs that wait, in their order.
    func front(of queue: String) async throws(BackendError) -> [String] {
        let answer: Snapshot = try await self.ask("getjobqueuesnapshot", SnapshotSearch(jobQueue: queue))
        return (answer.frontOfQueue?.jobs ?? []).compactMap { $0.jobArn.split(separator: "/").last.map(String.init) }
    }

    // MARK: - Logs

    private struct LogSearch: Encodable {
        let logGroupName: String
        let logStreamName: String
        let limit: Int
        let startFromHead = false
    }
    private struct Events: Decodable {
        struct Event: Decodable { let message: String }
        let events: [Event]
    }

    /// The last lines of a container.
    func tail(of stream: String, lines: Int) async throws(BackendError) -> [String] {
        let search = LogSearch(logGroupName: Self.logGroup, logStreamName: stream, limit: lines)
        let data = try await self.send(
            self.logs, "/", try JobDefinition.encoded(search),
            [
                HTTPField("Content-Type", "application/x-amz-json-1.1"),
                HTTPField("X-Amz-Target", "Logs_20140328.GetLogEvents"),
            ], isRepeatable: true)
        return try self.decoded(Events.self, data).events.map(\.message)
    }

    // MARK: - Requests

    private func ask<Answer: Decodable>(
        _ operation: String, _ request: some Encodable, isRepeatable: Bool = true
    ) async throws(BackendError) -> Answer {
        let data = try await self.send(
            self.batch, "/v1/\(operation)", try JobDefinition.encoded(request),
            [HTTPField("Content-Type", "application/json")], isRepeatable: isRepeatable)
        return try self.decoded(Answer.self, data)
    }

    private func send(
        _ service: AWSService, _ path: String, _ body: Data, _ headers: [HTTPField], isRepeatable: Bool
    ) async throws(BackendError) -> Data {
        do throws(AWSServiceError) {
            return try await service.post(path, headers: headers, body, isRepeatable: isRepeatable)
        } catch {
            throw BackendError(error)
        }
    }

    private func decoded<Answer: Decodable>(_ type: Answer.Type, _ data: Data) throws(BackendError) -> Answer {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw BackendError(
                code: .answer, message: "AWS answered something that cannot be read: \(error)", isTransient: true)
        }
    }
}

extension BackendError {
    init(_ error: AWSServiceError) {
        let code: Code =
            switch error.kind {
            case .refused, .denied: .refused
            case .throttled: .busy
            case .failed, .unreachable, .cancelled: .unreachable
            }
        self.init(code: code, message: error.message, isTransient: error.isTransient || error.kind == .cancelled)
    }
}
