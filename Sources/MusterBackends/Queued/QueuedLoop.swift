import Dispatch
import FoundationEssentials
import Glibc
import MusterModel
import MusterSystem
import MusterWire

/// The loop of ``QueuedGangs``: carries out what each ``QueuedGang`` decides.
actor QueuedLoop<Backend: ComputeBackend> {
    /// One gang, what is read of it, and how it was asked for.
    struct Entry {
        var gang: QueuedGang
        var look: StoreLook
        let request: QueuedRequest
        let added: Double
        var hosts: [String] = []
        /// The file that the scheduler writes the job's own output to.
        var output: String
        /// When the job's first gang has begun; nil while that is not known, and for a job that an earlier engine has
        /// submitted.
        var jobBegan: Double?
        let isTakenOver: Bool
        /// The attempt that had the job before, until this one has begun.
        var giver: AttemptID?

        /// The job is in the queue, by the scheduler's last answer, and no node has spoken.
        var isWaiting: Bool {
            guard !self.look.hasSpoken else { return false }
            if case .queued = self.gang.state { return true }
            return false
        }
    }

    /// A call to the scheduler or to the bucket, beside the loop.
    private enum Call: Sendable {
        case submit(AttemptID, BackendRequest)
        case cancel(AttemptID, BackendJob)
        case look([BackendJob])
        case inspect(AttemptID, BackendJob)
        /// Has the place remove what it keeps of a job that has ended.
        case forget(AttemptID, BackendJob)
        /// Brings what the nodes have written into the folder.
        case fetch
        case send(AttemptID, AttemptObject)
        case remove(AttemptID, AttemptObject)
        case clear(AttemptID, AttemptFolder)
    }

    /// Seconds between two turns while a gang is young, and later.
    private static var brisk: Double { 0.1 }
    private static var steady: Double { 1 }
    /// Seconds for which a gang is young after it was asked for or has first spoken.
    private static var youth: Double { 60 }
    /// Turns between two reads of a gang that waits in the queue and is not young.
    private static var rarely: Int { 5 }
    /// Seconds between two looks into a bucket while a gang is young, while one runs, and while all wait.
    private static var fetches: (brisk: Double, steady: Double, rare: Double) { (0.25, 2, 5) }

    let backend: Backend
    private let timing: QueuedGangTiming
    private let courier: (any AttemptCourier)?
    let now: @Sendable () -> Double
    private let tell: @Sendable (GangObservation) -> Void
    private let files = DispatchQueue(label: "muster.queued.store")
    var entries: [AttemptID: Entry] = [:]
    var submissions: [AttemptID] = []
    private var schedule: LookSchedule
    private var budget: SubmissionBudget
    var idle = IdleJobs()
    /// No further gang comes.
    private(set) var isResting = false
    private var isLooking = false
    private var isFetching = false
    /// When the bucket is looked into next.
    private var nextFetch = 0.0
    /// The bucket could not be reached, and that was told.
    private var isFetchTold = false
    private var turns = 0
    /// Calls for the next turn.
    private var calls: [Call] = []
    private var running: Task<Void, Never>?
    /// The wait between two turns, and whether a turn is wanted without one.
    private var pause: Task<Void, Never>?
    private var isWoken = false

    init(
        _ backend: Backend, _ timing: QueuedGangTiming, courier: (any AttemptCourier)?,
        now: @escaping @Sendable () -> Double,
        tell: @escaping @Sendable (GangObservation) -> Void
    ) {
        self.backend = backend
        self.timing = timing
        self.courier = courier
        self.now = now
        self.tell = tell
        self.schedule = LookSchedule(backend.capabilities, at: now())
        self.budget = SubmissionBudget(backend.capabilities, at: now())
    }

    deinit { self.running?.cancel() }

    // MARK: - From the engine

    /// Takes in a gang: to be submitted, or one whose job another engine has submitted.
    func add(_ request: QueuedRequest, job: BackendJob?) async {
        let attempt = request.attempt
        guard self.entries[attempt] == nil else { return }
        let folder = AttemptFolder(prefix: request.prefix)
        if let problem = await self.onFiles({ Self.prepare(request, in: folder) }) {
            let report = GangReport.none(TaskFailure(code: .store, message: problem))
            return self.tell(GangObservation(attempt: attempt, event: .finished(report)))
        }
        let now = self.now()
        var timing = self.timing
        timing.queue = request.queueDeadline ?? timing.queue
        self.entries[attempt] = Entry(
            gang: QueuedGang(
                name: request.request.name, timing: timing,
                capabilities: self.backend.capabilities, job: job, at: now),
            look: StoreLook(folder: folder, nodes: request.order.size), request: request, added: now,
            output: self.output(of: folder), isTakenOver: job != nil)
        self.isResting = false
        self.schedule.change(at: now)
        if job != nil { self.schedule.want() }
        self.wake()
        if self.running == nil { self.running = Task { [weak self] in await self?.live() } }
    }

    func stop(_ attempt: AttemptID, _ failure: TaskFailure) async {
        await self.handle(.stop(failure), of: attempt)
        if self.submissions.contains(attempt) {
            self.submissions.removeAll { $0 == attempt }
            await self.handle(.withdrawn, of: attempt)
        }
        self.wake()
    }

    /// Ends the run's jobs that belong to none of the gangs taken over.
    /// - Returns: A sentence for each job that may live on.
    func endOthers(flow: String, run: String) async -> [String] {
        let jobs: [BackendJob]
        do {
            jobs = try await self.backend.find(flow: flow, run: run)
        } catch {
            return ["\(self.backend.name) does not tell which jobs of the run it still has: \(error.message)"]
        }
        let names = Set(self.entries.values.map(\.gang.name))
        let used: Set<String>
        do {
            used = try await self.usedJobs()
        } catch {
            // One of the jobs may run a gang that was taken over.
            return ["jobs of the run that nobody needs may live on: which ones run its tasks cannot be read: \(error)"]
        }
        var problems: [String] = []
        for job in jobs where !names.contains(job.name) && !used.contains(job.id) {
            do throws(BackendError) {
                try await self.backend.cancel(job)
            } catch {
                problems.append("the job \(job) of \(self.backend.name) could not be ended: \(error.message)")
            }
        }
        return problems
    }

    /// Returns when no gang is left at the place and every call to the scheduler has returned.
    func rest() async {
        if !self.entries.isEmpty {
            self.schedule.hurry()
            self.schedule.want()
        }
        self.isResting = true
        self.wake()
        while let running { await running.value }
    }

    // MARK: - The loop

    private func live() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled, self.hasWork {
                self.isWoken = false
                for call in await self.turn() { group.addTask { await self.perform(call) } }
                if !self.isWoken { await self.wait(seconds: self.isBrisk ? Self.brisk : Self.steady) }
            }
        }
        self.running = nil
        // A gang that was added while the last calls ended has its loop, and a call that one of them has brought about.
        if !Task.isCancelled, self.hasWork { self.running = Task { [weak self] in await self?.live() } }
    }

    private var hasWork: Bool { !self.entries.isEmpty || !self.calls.isEmpty }

    private func wait(seconds: Double) async {
        // Cancelled by `wake`, it is over: there is nothing else that a sleep throws.
        let pause = Task { _ = try? await Task.sleep(for: .seconds(seconds)) }
        self.pause = pause
        await withTaskCancellationHandler {
            await pause.value
        } onCancel: {
            pause.cancel()
        }
        self.pause = nil
    }

    /// Has the next turn follow at once: a gang that is asked for between two turns would wait for up to
    /// ``brisk`` seconds (saves 0.05 to 0.1 s of each step on Slurm, Benchmarks: slurm-gang).
    private func wake() {
        self.isWoken = true
        self.pause?.cancel()
    }

    private var isBrisk: Bool {
        let now = self.now()
        return self.entries.values.contains { now - $0.added < Self.youth || $0.gang.isLeaving }
    }

    /// Reads the store, lets time pass for every gang, and returns the calls that are due.
    private func turn() async -> [Call] {
        self.turns += 1
        await self.read()
        await self.tick()
        await self.reuseJobs()
        defer { self.calls = [] }
        return self.calls + self.dueSubmissions() + self.dueLook() + self.dueFetch()
    }

    /// Lets time pass for every gang, in place: of a thousand that wait, few have something to do.
    private func tick() async {
        let now = self.now()
        var due: [(AttemptID, [QueuedGang.Action])] = []
        for index in self.entries.indices {
            do {
                let actions = try self.entries.values[index].gang.handle(.tick, at: now)
                if !actions.isEmpty { due.append((self.entries[index].key, actions)) }
            } catch {
                // Time may pass in every phase.
                self.warn(self.entries[index].key, "\(error)")
            }
        }
        for (attempt, actions) in due { for action in actions { await self.carryOut(action, attempt) } }
    }

    private func read() async {
        let now = self.now()
        let isTurn = self.turns % Self.rarely == 0
        let looks = self.entries.compactMap { attempt, entry in
            entry.isWaiting && now - entry.added >= Self.youth && !isTurn ? nil : (attempt, entry.look)
        }
        let read = await self.onFiles {
            looks.map { attempt, look in
                var look = look
                let news = look.look()
                return (attempt, look, news)
            }
        }
        for (attempt, look, news) in read {
            guard self.entries[attempt] != nil else { continue }
            self.entries[attempt]?.look = look
            await self.take(news, of: attempt)
        }
    }

    private func take(_ news: StoreLook.News, of attempt: AttemptID) async {
        if !news.hosts.isEmpty { self.entries[attempt]?.hosts = news.hosts }
        if let job = news.claim {
            await self.handle(.claimed(job: job), of: attempt)
            await self.begun(attempt)
        }
        if news.hasWord { await self.handle(.word, of: attempt) }
        for status in news.statuses { await self.handle(.status(status), of: attempt) }
        for (node, bytes) in news.logs.sorted(by: { $0.key < $1.key }) {
            self.tell(GangObservation(attempt: attempt, event: .log(node: node, bytes: bytes)))
        }
        if let report = news.report { await self.handle(.report(report), of: attempt) }
    }

    private func dueSubmissions() -> [Call] {
        var calls: [Call] = []
        while let attempt = self.submissions.first {
            guard let entry = self.entries[attempt] else {
                self.submissions.removeFirst()
                continue
            }
            guard self.budget.take(at: self.now()) == nil else { break }
            self.submissions.removeFirst()
            calls.append(.submit(attempt, entry.request.request))
        }
        return calls
    }

    private func dueLook() -> [Call] {
        let now = self.now()
        let jobs = self.entries.values.compactMap(\.gang.job)
        guard !jobs.isEmpty, !self.isLooking, self.schedule.next(at: now) <= now else { return [] }
        self.isLooking = true
        self.schedule.look(at: now)
        return [.look(jobs)]
    }

    private func dueFetch() -> [Call] {
        let now = self.now()
        guard self.courier != nil, !self.isFetching, now >= self.nextFetch else { return [] }
        let jobs = self.entries.values.filter { $0.gang.job != nil }
        guard !jobs.isEmpty else { return [] }
        let pause =
            self.isBrisk
            ? Self.fetches.brisk
            : jobs.allSatisfy(\.isWaiting) ? Self.fetches.rare : Self.fetches.steady
        self.nextFetch = now + pause
        self.isFetching = true
        return [.fetch]
    }

    // MARK: - Calls

    private func perform(_ call: Call) async {
        switch call {
        case .submit(let attempt, let request):
            do throws(BackendError) {
                try await self.sendOrder(of: attempt)
                let job = try await self.submit(request, of: attempt)
                self.schedule.change(at: self.now())
                await self.handle(.submitted(job), of: attempt)
            } catch {
                await self.handle(.submissionFailed(error), of: attempt)
            }
        case .fetch: await self.fetch()
        case .send(let attempt, let object):
            await self.carry(attempt, "the gang could not be told its \(object.name)") {
                try await $0.send([object], of: attempt)
            }
        case .remove(let attempt, let object):
            await self.carry(attempt, "the gang's \(object.name) could not be removed from the bucket") {
                try await $0.remove([object], of: attempt)
            }
        case .clear(let attempt, let folder):
            await self.carry(attempt, "the gang's objects could not be removed from the bucket") {
                try await $0.clear(attempt)
            }
            // Among the last words are such objects.
            await self.removeTransient(in: folder, of: attempt)
        case .cancel(let attempt, let job):
            do throws(BackendError) {
                try await self.backend.cancel(job)
                self.schedule.want()
                await self.handle(.cancelled, of: attempt)
            } catch {
                self.warn(attempt, "the job \(job) could not be ended: \(error.message); it is tried again")
            }
        case .forget(let attempt, let job):
            do throws(BackendError) {
                try await self.backend.remove(job)
            } catch {
                self.warn(attempt, "what the place keeps of the job \(job) could not be removed: \(error.message)")
            }
        case .inspect(let attempt, let job):
            // A question that fails is asked again some seconds later.
            guard let ends = try? await self.backend.endedNodes(of: job), !ends.isEmpty else { return }
            await self.handle(.nodesEnded(ends), of: attempt)
        case .look(let jobs):
            var states: [BackendJob: JobState] = [:]
            var reason = "the scheduler's answer does not hold the job"
            do throws(BackendError) {
                states = try await self.backend.look(at: jobs)
            } catch {
                reason = error.message
            }
            self.isLooking = false
            for (attempt, entry) in self.entries {
                guard let job = entry.gang.job, jobs.contains(job) else { continue }
                await self.handle(.looked(states[job] ?? .unknown(reason: reason)), of: attempt)
            }
        }
    }

    private func submit(_ request: BackendRequest, of attempt: AttemptID) async throws(BackendError) -> BackendJob {
        guard self.backend.capabilities.deliversKey, let folder = self.entries[attempt]?.look.folder else {
            return try await self.backend.submit(request)
        }
        // Without it the nodes look for it in the store, and say that it is not there.
        let key = await self.onFiles { try? folder.read(.key).map { Array($0) } }
        return try await self.backend.submit(request, key: key)
    }

    private func sendOrder(of attempt: AttemptID) async throws(BackendError) {
        do {
            let objects: [AttemptObject] = self.backend.capabilities.deliversKey ? [.order] : [.order, .key]
            try await self.courier?.send(objects, of: attempt)
        } catch {
            // The submission is repeated until its deadline, which names this error then.
            throw BackendError(
                code: .unreachable, message: "the gang's order cannot be stored: \(error)", isTransient: true)
        }
    }

    private func fetch() async {
        do {
            try await self.courier?.fetch()
            self.isFetchTold = false
            self.wake()
        } catch {
            if !self.isFetchTold, let attempt = self.entries.keys.first {
                self.warn(attempt, "what nodes tell cannot be read for now: \(error)")
            }
            self.isFetchTold = true
        }
        self.isFetching = false
    }

    private func carry(_ attempt: AttemptID, _ purpose: String, _ body: (any AttemptCourier) async throws -> Void) async
    {
        guard let courier = self.courier else { return }
        do { try await body(courier) } catch { self.warn(attempt, "\(purpose): \(error)") }
    }

    // MARK: - Decisions

    func handle(_ event: QueuedGang.Event, of attempt: AttemptID) async {
        guard var entry = self.entries[attempt] else { return }
        let before = entry.gang.state
        let actions: [QueuedGang.Action]
        do {
            actions = try entry.gang.handle(event, at: self.now())
        } catch {
            return self.warn(attempt, "\(error)")
        }
        self.entries[attempt] = entry
        if entry.gang.state != before { self.schedule.change(at: self.now()) }
        for action in actions { await self.carryOut(action, attempt) }
    }

    private func carryOut(_ action: QueuedGang.Action, _ attempt: AttemptID) async {
        guard let entry = self.entries[attempt] else { return }
        let folder = entry.look.folder
        switch action {
        case .submit: self.submissions.append(attempt)
        case .look: self.schedule.want()
        case .inspect(let job): self.calls.append(.inspect(attempt, job))
        case .stop(let failure):
            if let problem = await self.onFiles({ Self.problem { try folder.write(failure, as: .stop) } }) {
                self.warn(attempt, "the gang could not be told to stop: \(problem)")
            }
            self.carry(.send(attempt, .stop))
        case .cancel(let job): self.calls.append(.cancel(attempt, job))
        case .observe(.finished(let report)):
            // A gang that is over has nobody left to admit: its key does not wait for its job.
            if let problem = await self.onFiles({ folder.remove(.key) }) { self.warn(attempt, problem) }
            self.carry(.remove(attempt, .key))
            // No node has reported: what went wrong stands in what the scheduler has written, a set-up line that failed too.
            let path = entry.output
            let lines = report.isOfNobody ? await self.onFiles { Self.lastLines(path) } : []
            if report.failure == nil { await self.becomeIdle(attempt) }
            self.relay(.finished(report.ending(lines).retried(within: self.timing.reunion)), of: attempt)
        case .observe(let observation): self.relay(observation, of: attempt)
        case .over:
            self.idle.remove(attempt)
            self.entries[attempt] = nil
            if let job = entry.gang.remains { self.calls.append(.forget(attempt, job)) }
            self.carry(.clear(attempt, folder))
            await self.removeTransient(in: folder, of: attempt)
        }
    }

    private func removeTransient(in folder: AttemptFolder, of attempt: AttemptID) async {
        for problem in await self.onFiles({ folder.removeTransient() }) { self.warn(attempt, problem) }
    }

    /// Has the next turn make a call to the bucket, where there is one.
    private func carry(_ call: Call) { if self.courier != nil { self.calls.append(call) } }

    private func relay(_ observation: QueuedGang.Observation, of attempt: AttemptID) {
        let event: GangObservation.Event
        switch observation {
        case .submitted(let job): event = .submitted(job: job.id)
        case .waits(let wait): event = .waiting(reason: wait.text)
        case .runs(let hosts):
            if !hosts.isEmpty { self.entries[attempt]?.hosts = hosts }
            event = .placed(hosts: hosts)
        case .status(let status):
            guard let told = GangObservation.Event(status) else { return }
            event = told
        case .warning(let text): event = .warning(text)
        case .finished(let report): event = .finished(report.naming(self.entries[attempt]?.hosts ?? []))
        }
        self.tell(GangObservation(attempt: attempt, event: event))
    }

    private func warn(_ attempt: AttemptID, _ text: String) {
        self.tell(GangObservation(attempt: attempt, event: .warning(text)))
    }

    // MARK: - Files

    /// The order and the key, before anything is submitted. Those of an earlier engine stay: nodes may have read them.
    private static func prepare(_ request: QueuedRequest, in folder: AttemptFolder) -> String? {
        self.problem {
            try Folder.make(Folder.parent(of: request.prefix))
            if folder.size(.key) == nil {
                try folder.write(AttemptKey.random(), as: .key, isSecret: true)
            }
            if folder.size(.order) == nil { try folder.write(request.order, as: .order) }
        }
    }

    private static func problem(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// The last lines of what a scheduler has written; empty when there are none.
    private static func lastLines(_ path: String) -> [String] {
        guard let size = FileStatus(path)?.size, let file = try? OpenFile(path, O_RDONLY),
            let bytes = try? file.bytes(from: max(0, Int(size) - 8192))
        else { return [] }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        return Array(lines.suffix(20))
    }

    func onFiles<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            self.files.async { continuation.resume(returning: body()) }
        }
    }
}

extension QueuedGang {
    /// The attempt is over, and its job may still be there.
    fileprivate var isLeaving: Bool { if case .leaving = self.phase { true } else { false } }
}

extension JobWait {
    /// The scheduler's word, what it means, and when it means to start the job.
    var text: String {
        [self.reason, self.advice, self.estimate.map { "it is to start \($0)" }].compactMap { $0 }
            .joined(separator: "; ")
    }
}

extension GangObservation.Event {
    /// The event that a status is for the engine; nil for a status between agent and runner alone.
    fileprivate init?(_ status: AgentStatus) {
        switch status {
        case .joined(let node): self = .joined(node: node)
        case .started(let node): self = .started(node: node)
        case .ended(let node, let status): self = .ended(node: node, status: status)
        case .log, .listening, .formed, .finished, .reported, .controlLost, .ready: return nil
        }
    }
}

extension GangReport {
    /// No node has written it.
    fileprivate var isOfNobody: Bool {
        self.nodes.isEmpty && self.failure?.lastLines.isEmpty == true && self.failure?.code != .lost
    }

    /// A gang that was split is tried again at a time that is another than that of the gang that holds the rest.
    fileprivate func retried(within seconds: ClosedRange<Double>) -> GangReport {
        guard self.failure?.code == .split else { return self }
        var report = self
        report.failure?.retryAfter = Double.random(in: seconds)
        return report
    }

    fileprivate func ending(_ lines: [String]) -> GangReport {
        guard !lines.isEmpty else { return self }
        var report = self
        report.failure?.lastLines = lines
        return report
    }

    /// The report with the host's name beside the index of the node that is the cause.
    fileprivate func naming(_ hosts: [String]) -> GangReport {
        guard var failure = self.failure, let node = failure.node, hosts.indices.contains(node) else { return self }
        failure.message += " (node \(node) is \(hosts[node]))"
        var report = self
        report.failure = failure
        return report
    }
}
