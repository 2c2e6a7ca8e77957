package import MusterModel
internal import Synchronization

/// Gangs as jobs of a Slurm cluster.
package final class SlurmBackend: ComputeBackend {
    package static let name = "slurm"
    package var name: String { Self.name }

    package let capabilities: BackendCapabilities

    /// Jobs that are missing from the queue and are asked about one by one in one look.
    private static let most = 20

    private struct Ledger {
        /// Jobs by name, as far as they are known.
        var jobs: [String: String] = [:]
        /// ``jobs`` holds all names, so that a name which is not in it is a new one.
        var isComplete = false
        /// How jobs ended that the queue has forgotten.
        var ends: [String: JobState] = [:]
    }

    private let client: SlurmClient
    private let store: String
    /// Options of the settings, which the decorator's go before.
    private let defaults: [String: JSONValue]
    /// Seconds between looks for a job whose submission has failed: the controller may be busy with it.
    private let searchDelays: [Double]
    private let ledger = Mutex(Ledger())
    private let submissions = SharedWork<BackendJob>()

    /// - Parameters:
    ///   - store: The store's location, which the jobs' names depend on.
    ///   - defaults: Options for every gang; the decorator's own win.
    ///   - queue: How often the controller is asked, and how fast jobs are submitted.
    package init(
        client: SlurmClient, store: String, defaults: [String: JSONValue] = [:],
        queue: QueueSettings = QueueSettings(), searchDelays: [Double] = [0, 2, 5]
    ) {
        self.client = client
        self.store = store
        self.defaults = defaults
        self.capabilities = BackendCapabilities(queue, takesImages: true)
        self.searchDelays = searchDelays
    }

    package func request(for launch: GangLaunch) throws(BackendError) -> BackendRequest {
        let options = try SlurmOptions(self.defaults.merging(launch.place.options) { $1 })
        return BackendRequest(name: launch.name, kind: "sbatch script", text: try SlurmScript(launch, options).text())
    }

    package func submit(_ request: BackendRequest) async throws(BackendError) -> BackendJob {
        try await self.submissions.once(request.name) { () async throws(BackendError) in
            try await self.submitOnce(request)
        }
    }

    private func submitOnce(_ request: BackendRequest) async throws(BackendError) -> BackendJob {
        if let id = try await self.known(request.name) { return BackendJob(id: id, name: request.name) }
        let id: String
        do throws(BackendError) {
            id = try await self.client.submit(request.text)
        } catch {
            guard error.isTransient else { throw error }
            self.ledger.withLock { $0.isComplete = false }
            guard let found = await self.search(request.name) else { throw error }
            id = found
        }
        self.ledger.withLock { $0.jobs[request.name] = id }
        return BackendJob(id: id, name: request.name)
    }

    package func look(at jobs: [BackendJob]) async throws(BackendError) -> [BackendJob: JobState] {
        let rows = try await self.client.queue()
        let byID = Dictionary(rows.map { ($0.id, $0) }) { first, _ in first }
        var states: [BackendJob: JobState] = [:]
        var missing: [BackendJob] = []
        for job in jobs {
            if let row = byID[job.id] { states[job] = SlurmState.state(row) } else { missing.append(job) }
        }
        for (job, state) in await self.secondLook(at: missing) { states[job] = state }
        return states
    }

    package func cancel(_ job: BackendJob) async throws(BackendError) {
        if job.id.isEmpty {
            try await self.client.cancel(name: job.name)
        } else {
            try await self.client.cancel(id: job.id)
        }
    }

    package func find(flow: String, run: String) async throws(BackendError) -> [BackendJob] {
        let prefix = JobName.prefix(flow: flow, run: run, store: self.store)
        return try await self.client.queue().compactMap { row in
            guard row.name.hasPrefix(prefix) else { return nil }
            if case .ended = SlurmState.state(row) { return nil }
            return BackendJob(id: row.id, name: row.name)
        }
    }

    // MARK: - Names

    /// The job of that name, when there is one. The first submission of an engine looks through the queue; later ones know
    /// what is in it, until one fails.
    private func known(_ name: String) async throws(BackendError) -> String? {
        let (id, isComplete) = self.ledger.withLock { ($0.jobs[name], $0.isComplete) }
        if id != nil || isComplete { return id }
        let rows = try await self.client.queue().filter { $0.name.hasPrefix("mu-") }
        return self.ledger.withLock { ledger in
            for row in rows { ledger.jobs[row.name] = row.id }
            ledger.isComplete = true
            return ledger.jobs[name]
        }
    }

    /// Looks whether a submission that failed was accepted for all that; nil when nothing is to be seen of it.
    private func search(_ name: String) async -> String? {
        for delay in self.searchDelays {
            if delay > 0 { try? await Task.sleep(for: .seconds(delay)) }
            if let row = try? await self.client.queue(named: name).first(where: { $0.name == name }) { return row.id }
        }
        return nil
    }

    // MARK: - Jobs that the queue does not know

    /// `squeue` forgets jobs some minutes after their end (`MinJobAge`), and a proxy or a failing controller may forget
    /// all of them: the database and the controller are asked before anything is said.
    private func secondLook(at jobs: [BackendJob]) async -> [BackendJob: JobState] {
        var states: [BackendJob: JobState] = [:]
        let ends = self.ledger.withLock { $0.ends }
        for job in jobs { states[job] = job.id.isEmpty ? .unknown(reason: "its number is not known") : ends[job.id] }
        var open = jobs.filter { states[$0] == nil }
        guard !open.isEmpty else { return states }
        if let rows = await self.client.accounting(open.map(\.id)) {
            let byID = Dictionary(rows.map { ($0.id, $0) }) { $1 }
            for job in open {
                // The database lags behind: it is believed when it says that a job has ended.
                guard let row = byID[job.id], case .ended = SlurmState.state(row) else { continue }
                states[job] = self.remember(job, SlurmState.state(row))
            }
            open = open.filter { states[$0] == nil }
        }
        for job in open.prefix(Self.most) { states[job] = self.remember(job, await self.client.control(job.id)) }
        return states
    }

    private func remember(_ job: BackendJob, _ state: JobState) -> JobState {
        if case .ended(let end) = state, end.kind != .forgotten { self.ledger.withLock { $0.ends[job.id] = state } }
        return state
    }
}
