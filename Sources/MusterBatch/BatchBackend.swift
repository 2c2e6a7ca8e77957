package import MusterBackends
package import MusterModel
import Synchronization

/// Gangs as jobs of AWS Batch: a multi-node job, or a container job for a gang of one.
package final class BatchBackend: ComputeBackend {
    package static let name = "batch"
    package var name: String { Self.name }

    package let capabilities: BackendCapabilities

    /// The facts of this process about jobs and definitions.
    private struct Ledger {
        /// Identifiers of jobs by their names.
        var jobs: [String: String] = [:]
        /// Beginnings of names of which ``jobs`` holds all, by queue: a name that is not in it is a new one.
        var complete: Set<String> = []
        /// Newest revisions by the definitions' names.
        var revisions: [String: Int] = [:]
        /// Queues in which jobs may be.
        var queues: Set<String>
        /// Jobs that have ended, whose end was explained.
        var ends: [String: JobState] = [:]
        /// Since when AWS has not known a job, in an unbroken row of answers.
        var missing: [String: ContinuousClock.Instant] = [:]
        /// The place of a job in its queue may be asked for.
        var tellsPlaces = true
    }

    private let client: BatchClient
    private let store: String
    /// Options of the settings, which the decorator's go before.
    private let defaults: [String: JSONValue]
    /// Seconds between looks for a job whose submission has failed: AWS lists a new job a moment later.
    private let searchDelays: [Double]
    /// Seconds for which AWS has to deny knowing a job: a new one is missing from its answers for a moment.
    private let oblivion: Double
    private let ledger: Mutex<Ledger>
    private let submissions = SharedWork<BackendJob>()
    /// Registrations of definitions and looks through queues, of which a burst of submissions needs one.
    private let registrations = SharedWork<Int>()
    private let listings = SharedWork<[BatchClient.Summary]>()

    /// - Parameters:
    ///   - store: The store's location, which the jobs' names depend on.
    ///   - defaults: Options for every gang; the decorator's own win.
    ///   - queues: Where jobs of earlier engines may be, besides the queue of the defaults.
    package init(
        client: BatchClient, store: String, defaults: [String: JSONValue] = [:], queues: [String] = [],
        queue: QueueSettings = QueueSettings(), searchDelays: [Double] = [1, 3, 8], oblivion: Double = 90
    ) {
        self.client = client
        self.store = store
        self.defaults = defaults
        self.searchDelays = searchDelays
        self.oblivion = oblivion
        // AWS takes 50 submissions a second of an account, and DescribeJobs of 100 jobs is one call.
        self.capabilities = BackendCapabilities(
            largestGang: 1000, lookEvery: 5, lookEveryWhenQuiet: 30, submissionBurst: 20, submissionsPerSecond: 10,
            takesImages: true, sharesFolder: false, rendezvousDeadline: 900
        ).changed(by: queue)
        var all = Set(queues)
        if case .string(let name)? = defaults["queue"] { all.insert(name) }
        self.ledger = Mutex(Ledger(queues: all))
    }

    package func request(for launch: GangLaunch) throws(BackendError) -> BackendRequest {
        let options = try BatchOptions(
            self.defaults.merging(launch.place.options) { $1 }, memory: NodeMemory.of(launch))
        return BackendRequest(
            name: launch.name, kind: "json", text: try BatchRequestText(launch, options).text())
    }

    // MARK: - Submitting

    package func submit(_ request: BackendRequest) async throws(BackendError) -> BackendJob {
        try await self.submissions.once(request.name) { () async throws(BackendError) in
            try await self.submitOnce(request)
        }
    }

    private func submitOnce(_ request: BackendRequest) async throws(BackendError) -> BackendJob {
        let parts = try BatchRequestText(text: request.text)
        let queue = parts.submission.jobQueue
        self.ledger.withLock { _ = $0.queues.insert(queue) }
        if let id = try await self.known(request.name, in: queue) { return BackendJob(id: id, name: request.name) }
        var submission = parts.submission
        let revision = try await self.revision(of: parts.definition)
        submission.jobDefinition += ":\(revision)"
        let id = try await self.submit(submission)
        self.ledger.withLock { $0.jobs[request.name] = id }
        return BackendJob(id: id, name: request.name)
    }

    private func submit(_ submission: JobSubmission) async throws(BackendError) -> String {
        let result = await self.attempt(submission)
        guard case .failure(let error) = result, error.isTransient else { return try result.get() }
        // It may have been accepted for all that, and be listed later only.
        self.ledger.withLock { $0.complete = [] }
        guard let found = await self.search(submission) else { throw error }
        return found
    }

    private func attempt(_ submission: JobSubmission) async -> Result<String, BackendError> {
        do throws(BackendError) { return .success(try await self.client.submit(submission)) } catch {
            return .failure(error)
        }
    }

    /// The job of that name, when there is one. The first submission of a run looks through the queue; later ones know what
    /// is in it.
    private func known(_ name: String, in queue: String) async throws(BackendError) -> String? {
        let prefix = JobName.prefix(ofName: name)
        let mark = "\(queue)\n\(prefix)"
        let (id, isComplete) = self.ledger.withLock { ($0.jobs[name], $0.complete.contains(mark)) }
        if id != nil || isComplete { return id }
        let found = try await self.listings.once(mark) { () async throws(BackendError) in
            try await self.client.jobs(in: queue, named: prefix)
        }
        return self.ledger.withLock { ledger in
            for job in found { ledger.jobs[job.jobName] = job.jobId }
            ledger.complete.insert(mark)
            return ledger.jobs[name]
        }
    }

    private func search(_ submission: JobSubmission) async -> String? {
        for delay in self.searchDelays {
            // Cancelled, the look below fails at once.
            try? await Task.sleep(for: .seconds(delay))
            // A look that fails tells nothing; the next one may.
            let found = try? await self.client.jobs(in: submission.jobQueue, named: submission.jobName)
            if let job = found?.first(where: { $0.jobName == submission.jobName }) { return job.jobId }
        }
        return nil
    }

    private func revision(of definition: JobDefinition) async throws(BackendError) -> Int {
        let name = definition.jobDefinitionName
        if let revision = self.ledger.withLock({ $0.revisions[name] }) { return revision }
        let revision = try await self.registrations.once(name) { () async throws(BackendError) in
            if let known = try await self.client.revision(of: name) { return known }
            return try await self.client.register(definition)
        }
        self.ledger.withLock { $0.revisions[name] = revision }
        return revision
    }

    // MARK: - Looking

    package func look(at jobs: [BackendJob]) async throws(BackendError) -> [BackendJob: JobState] {
        let ends = self.ledger.withLock { $0.ends }
        var states: [BackendJob: JobState] = [:]
        var open: [BackendJob] = []
        for job in jobs {
            if let end = ends[job.id] {
                states[job] = end
            } else if job.id.isEmpty {
                states[job] = .unknown(reason: "its number is not known")
            } else {
                open.append(job)
            }
        }
        for start in stride(from: 0, to: open.count, by: BatchClient.mostJobs) {
            let some = Array(open[start..<min(start + BatchClient.mostJobs, open.count)])
            let found = try await self.client.describe(some.map(\.id))
            let places = await self.places(found)
            let byID = Dictionary(found.map { ($0.jobId, $0) }) { first, _ in first }
            for job in some {
                guard let description = byID[job.id] else {
                    states[job] = self.missing(job)
                    continue
                }
                self.ledger.withLock { $0.missing[job.id] = nil }
                states[job] = await self.state(description, place: places[job.id])
            }
        }
        return states
    }

    /// AWS forgets a job some days after its end, and may not know yet one of this moment.
    private func missing(_ job: BackendJob) -> JobState {
        let now = ContinuousClock.now
        let since = self.ledger.withLock { ledger in
            let since = ledger.missing[job.id] ?? now
            ledger.missing[job.id] = since
            return since
        }
        guard since.duration(to: now) >= .seconds(self.oblivion) else {
            return .unknown(reason: "AWS Batch does not know the job")
        }
        return .ended(JobEnd(kind: .forgotten, reason: "AWS Batch does not know the job"))
    }

    /// The places in their queues of jobs that wait. They are a comfort: without the right to ask, nothing is missing.
    private func places(_ jobs: [JobDescription]) async -> [String: Int] {
        guard self.ledger.withLock({ $0.tellsPlaces }) else { return [:] }
        let queues = Set(jobs.filter { $0.status == "RUNNABLE" }.compactMap(\.jobQueue))
        var places: [String: Int] = [:]
        for queue in queues {
            // A queue that does not tell its front is not asked again.
            guard let front = try? await self.client.front(of: queue) else {
                self.ledger.withLock { $0.tellsPlaces = false }
                return places
            }
            for (index, id) in front.enumerated() { places[id] = index + 1 }
        }
        return places
    }

    private func state(_ job: JobDescription, place: Int?) async -> JobState {
        guard job.status == "FAILED" else { return BatchState.state(job, place: place) }
        let explained = await self.explained(job)
        self.ledger.withLock { $0.ends[job.jobId] = explained }
        return explained
    }

    // MARK: - Ends

    /// Lines of a container's log that a failure shows.
    private static let lines = 20

    /// How the job ended, in the words of its main node's container, with the last lines of that. They explain an end that
    /// AWS has told already: without an answer about them the job's own words have to do.
    private func explained(_ job: JobDescription) async -> JobState {
        var job = job
        // A node of a job describes itself.
        if !job.jobId.contains("#"), job.nodeProperties != nil,
            let node = try? await self.client.describe(["\(job.jobId)#0"]).first
        {
            job.container = node.lastContainer
        }
        guard case .ended(var end) = BatchState.state(job) else { return BatchState.state(job) }
        guard end.kind == .failed, let stream = job.lastContainer?.logStreamName, !stream.isEmpty,
            let lines = try? await self.client.tail(of: stream, lines: Self.lines), !lines.isEmpty
        else { return .ended(end) }
        end.reason += "; its container said: \(lines.joined(separator: "\n"))"
        return .ended(end)
    }

    /// AWS Batch lets a job run on whose nodes have ended, but for the main one.
    package func endedNodes(of job: BackendJob) async throws(BackendError) -> [Int: JobEnd] {
        var ids: [String] = []
        for status in ["FAILED", "SUCCEEDED"] { ids += try await self.client.nodes(of: job.id, status: status) }
        guard !ids.isEmpty else { return [:] }
        var ends: [Int: JobEnd] = [:]
        for node in try await self.client.describe(Array(ids.prefix(BatchClient.mostJobs))) {
            guard let index = node.jobId.split(separator: "#").last.flatMap({ Int($0) }),
                case .ended(let end) = await self.explained(node)
            else { continue }
            ends[index] = end
        }
        return ends
    }

    package func cancel(_ job: BackendJob) async throws(BackendError) {
        for id in try await self.identifiers(of: job) { try await self.terminate(id) }
    }

    private func identifiers(of job: BackendJob) async throws(BackendError) -> [String] {
        guard job.id.isEmpty else { return [job.id] }
        var found: [String] = []
        for queue in self.ledger.withLock({ $0.queues.sorted() }) {
            found += try await self.client.jobs(in: queue, named: job.name).filter { $0.jobName == job.name }
                .map(\.jobId)
        }
        return found
    }

    private func terminate(_ id: String) async throws(BackendError) {
        do throws(BackendError) {
            try await self.client.terminate(id, reason: "ended by Muster")
        } catch {
            // A job that AWS has forgotten has ended.
            guard error.code == .refused, error.message.contains("ClientException") else { throw error }
        }
    }

    package func find(flow: String, run: String) async throws(BackendError) -> [BackendJob] {
        let prefix = JobName.prefix(flow: flow, run: run, store: self.store)
        var jobs: [BackendJob] = []
        for queue in self.ledger.withLock({ $0.queues.sorted() }) {
            for job in try await self.client.jobs(in: queue, named: prefix) {
                if job.status == "SUCCEEDED" || job.status == "FAILED" { continue }
                jobs.append(BackendJob(id: job.jobId, name: job.jobName))
            }
        }
        return jobs
    }
}
