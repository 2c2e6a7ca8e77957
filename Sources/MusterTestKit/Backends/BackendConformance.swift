import Foundation
public import MusterBackends
public import MusterModel

/// Checks a backend at its real place against every promise of `Documentation/Backends.md`. It starts jobs of one and two
/// nodes, some of which fail or are cancelled, and leaves none.
///
///     @Test("Our cluster keeps the promises of a backend")
///     func conformance() async throws {
///         #expect(await BackendConformance(backend, shared: folder).problems() == [])
///     }
///
/// It depends on no test library: it returns a list of problems.
public struct BackendConformance<Backend: ComputeBackend>: Sendable {
    let backend: Backend
    let shared: String
    let options: [String: JSONValue]
    let resources: Resources
    let patience: Double

    /// - Parameters:
    ///   - shared: A folder that this machine and all nodes see under the same path. Files are made in it.
    ///   - options: Of the place, for every job.
    ///   - resources: That each node asks for.
    ///   - patience: Seconds for a job to start, and to end.
    public init(
        _ backend: Backend, shared: String, options: [String: JSONValue] = [:],
        resources: Resources = Resources(cpu: 1, gpu: 0, memory: 64 << 20), patience: Double = 120
    ) {
        self.backend = backend
        self.shared = shared
        self.options = options
        self.resources = resources
        self.patience = patience
    }

    /// One sentence for each promise that is not kept.
    public func problems() async -> [String] {
        var problems: [String] = []
        for (promise, check) in self.checks {
            do {
                for problem in try await check() { problems.append("\(promise): \(problem)") }
            } catch {
                problems.append("\(promise): \(error)")
            }
        }
        return problems
    }

    private typealias Check = @Sendable () async throws -> [String]

    private var checks: [(String, Check)] {
        [
            ("request", self.checkRequest), ("options", self.checkOptions), ("submit", self.checkSubmit),
            ("failure", self.checkFailure), ("cancel", self.checkCancel), ("find", self.checkFind),
            ("strangers", self.checkStrangers), ("at once", self.checkAtOnce),
        ]
    }

    // MARK: - Jobs

    private static var flow: String { "Conformance" }

    private func launch(_ task: Int, nodes: Int = 2, run: String = "1", script: String) -> GangLaunch {
        let attempt = AttemptID(flow: Self.flow, run: run, step: "train", task: task, attempt: 0)
        return GangLaunch(
            attempt: attempt, name: JobName.of(attempt, store: self.shared), nodes: nodes, resources: self.resources,
            command: ["/bin/sh", "-c", script], folder: "\(self.shared)/\(run).\(task)",
            place: PlaceSettings(name: self.backend.name, options: self.options))
    }

    /// A script that leaves a file of its own for every node that runs it, and then does `more`.
    private func marking(_ task: Int, _ more: String = "") -> String {
        "touch \"\(self.shared)/ran.\(task).$(cat /proc/sys/kernel/random/uuid)\"\n\(more)"
    }

    private func marks(_ task: Int) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.shared)) ?? []
        return names.count { $0.hasPrefix("ran.\(task).") }
    }

    private func submit(_ launch: GangLaunch) async throws(BackendError) -> BackendJob {
        try await self.backend.submit(await self.backend.request(for: launch))
    }

    /// Looks until `isMeant`, or until patience ends; returns the last state.
    private func wait(_ job: BackendJob, until isMeant: (JobState) -> Bool) async throws -> JobState? {
        let end = ContinuousClock.now + .seconds(self.patience)
        var last: JobState?
        while ContinuousClock.now < end {
            last = try await self.backend.look(at: [job])[job]
            if let last, isMeant(last) { return last }
            try await Task.sleep(for: .milliseconds(200))
        }
        return last
    }

    /// Looks until the job has ended, and has the place forget it then.
    private func waitForEnd(_ job: BackendJob) async throws -> JobState? {
        let state = try await self.wait(job) { if case .ended = $0 { true } else { false } }
        if case .ended = state { try await self.backend.remove(job) }
        return state
    }

    // MARK: - Promises

    private func checkRequest() async throws -> [String] {
        let launch = self.launch(1, script: "true")
        let first = try await self.backend.request(for: launch)
        var problems: [String] = []
        if try await self.backend.request(for: launch) != first { problems.append("equal launches give two texts") }
        if first.name != launch.name { problems.append("its name is \(first.name), not the job's \(launch.name)") }
        if first.text.isEmpty || first.kind.isEmpty { problems.append("its text or its kind is empty") }
        return problems
    }

    private func checkOptions() async throws -> [String] {
        var launch = self.launch(2, script: "true")
        launch.place.options["noSuchOption"] = .string("x")
        do throws(BackendError) {
            _ = try await self.backend.request(for: launch)
            return ["an option that nobody knows is taken"]
        } catch {
            guard error.code == .options, !error.isTransient, error.message.contains("noSuchOption") else {
                return ["an option that nobody knows is refused with \(error.code.rawValue): \(error.message)"]
            }
            return []
        }
    }

    /// One job, whatever the number of submissions; each node runs the command once.
    private func checkSubmit() async throws -> [String] {
        let launch = self.launch(3, script: self.marking(3, "sleep 1"))
        let request = try await self.backend.request(for: launch)
        let first = try await self.backend.submit(request)
        let second = try await self.backend.submit(request)
        var problems: [String] = []
        if first != second { problems.append("a second submission gives \(second), not \(first)") }
        if first.name != launch.name { problems.append("the job's name is \(first.name), not \(launch.name)") }
        let state = try await self.waitForEnd(first)
        if case .ended(let end) = state, end.kind == .completed {
        } else {
            problems.append("a job that succeeds is \(String(describing: state))")
        }
        if self.marks(3) != 2 { problems.append("two nodes have run the command \(self.marks(3)) times") }
        return problems
    }

    private func checkFailure() async throws -> [String] {
        let job = try await self.submit(self.launch(4, nodes: 1, script: "exit 7"))
        let state = try await self.waitForEnd(job)
        guard case .ended(let end) = state, end.kind == .failed else {
            return ["a command that leaves with 7 ends as \(String(describing: state))"]
        }
        return end.exitCode == nil || end.exitCode == 7 ? [] : ["exit code 7 is told as \(end.exitCode ?? 0)"]
    }

    /// Ends every node, and everything that it started; a second time changes nothing.
    private func checkCancel() async throws -> [String] {
        let beat = "\(self.shared)/beat"
        let script = "(while :; do date >>\(beat); sleep 0.2; done) &\nwait"
        let job = try await self.submit(self.launch(5, script: script))
        var problems: [String] = []
        let state = try await self.wait(job) { if case .running = $0 { true } else { false } }
        guard case .running = state else { return ["a job that should run is \(String(describing: state))"] }
        try await self.backend.cancel(job)
        let last = try await self.waitForEnd(job)
        if case .ended(let end) = last, end.kind == .cancelled {
        } else {
            problems.append("a cancelled job is \(String(describing: last))")
        }
        try await self.backend.cancel(job)
        let size = { (try? FileManager.default.attributesOfItem(atPath: beat)[.size] as? Int) ?? 0 }
        let before = size()
        try await Task.sleep(for: .seconds(2))
        if size() != before { problems.append("a process of a cancelled job is still there") }
        return problems
    }

    /// Jobs that have not ended are found by their run, and ended by their name alone.
    private func checkFind() async throws -> [String] {
        let job = try await self.submit(self.launch(6, nodes: 1, run: "2", script: "sleep 300"))
        let other = try await self.submit(self.launch(6, nodes: 1, run: "3", script: "sleep 300"))
        var problems: [String] = []
        let found = try await self.backend.find(flow: Self.flow, run: "2")
        if found != [job] { problems.append("of \([job]) are found \(found)") }
        for each in [job, other] { try await self.backend.cancel(BackendJob(id: "", name: each.name)) }
        for each in [job, other] {
            guard case .ended = try await self.waitForEnd(each) else {
                problems.append("\(each) is not ended by its name")
                continue
            }
        }
        let left = try await self.backend.find(flow: Self.flow, run: "2")
        if !left.isEmpty { problems.append("after its end are found \(left)") }
        return problems
    }

    /// Jobs that nobody has submitted.
    private func checkStrangers() async throws -> [String] {
        let stranger = BackendJob(id: "99999999", name: "mu-nobody-train-1-0")
        var problems: [String] = []
        switch try await self.backend.look(at: [stranger])[stranger] {
        case nil, .unknown: break
        case .ended(let end) where end.kind == .forgotten: break
        case let state?: problems.append("a job that nobody has submitted is \(state)")
        }
        try await self.backend.cancel(stranger)
        try await self.backend.cancel(BackendJob(id: "", name: stranger.name))
        if try await !self.backend.find(flow: "Nobody", run: "1").isEmpty {
            problems.append("a run without jobs has some")
        }
        if try await !self.backend.look(at: []).isEmpty { problems.append("a look at no job has an answer") }
        return problems
    }

    /// Calls of several tasks at once.
    private func checkAtOnce() async throws -> [String] {
        let launches = (10..<14).map { self.launch($0, nodes: 1, script: self.marking($0)) }
        let jobs = try await withThrowingTaskGroup(of: BackendJob.self) { group in
            for launch in launches {
                group.addTask { try await self.submit(launch) }
                group.addTask { try await self.submit(launch) }
            }
            return try await group.reduce(into: Set<BackendJob>()) { $0.insert($1) }
        }
        var problems: [String] = []
        if jobs.count != launches.count { problems.append("of 4 requests, each sent twice at once, are \(jobs)") }
        for job in jobs { _ = try await self.waitForEnd(job) }
        for task in 10..<14 where self.marks(task) != 1 {
            problems.append("a request that is sent twice at once ran \(self.marks(task)) times")
        }
        return problems
    }
}
