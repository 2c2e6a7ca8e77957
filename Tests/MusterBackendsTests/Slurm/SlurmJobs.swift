import Foundation
import MusterModel
import MusterProcess
import MusterTestSupport
import Testing

@testable import MusterBackends

/// A backend on a test's own cluster, and jobs whose nodes run a line of shell in place of an agent.
struct SlurmJobs {
    let cluster: SlurmCluster
    let backend: SlurmBackend

    init(
        _ cluster: SlurmCluster, environment: [String: String]? = nil, ssh: String? = nil, patience: Double = 30
    ) throws {
        self.cluster = cluster
        var settings = SlurmSettings()
        settings.ssh = ssh
        (settings.commandTimeout, settings.submissionTimeout) = (patience, patience)
        let client = SlurmClient(
            reactor: try ProcessReactor(), environment: environment ?? cluster.environment, settings: settings)
        self.backend = SlurmBackend(client: client, store: cluster.shared, searchDelays: [0, 0.5])
    }

    func launch(
        _ task: Int, nodes: Int = 2, cpus: Int = 1, script: String = "true", _ options: [String: JSONValue] = [:]
    ) -> GangLaunch {
        let attempt = AttemptID(flow: "F", run: "1", step: "train", task: task, attempt: 0)
        return GangLaunch(
            attempt: attempt, name: JobName.of(attempt, store: self.cluster.shared), nodes: nodes,
            resources: Resources(cpu: cpus, gpu: 0, memory: 50 << 20), command: ["/bin/bash", "-c", script],
            folder: "\(self.cluster.shared)/\(task).0", place: PlaceSettings(name: "slurm", options: options))
    }

    func submit(
        _ task: Int, nodes: Int = 2, cpus: Int = 1, script: String = "true", _ options: [String: JSONValue] = [:]
    ) async throws -> BackendJob {
        let launch = self.launch(task, nodes: nodes, cpus: cpus, script: script, options)
        return try await self.backend.submit(self.backend.request(for: launch))
    }

    func state(_ job: BackendJob) async throws -> JobState? { try await self.backend.look(at: [job])[job] }

    /// Looks until the state is such a one; records the last one otherwise.
    @discardableResult
    func wait(_ job: BackendJob, seconds: Double = 30, until isMeant: (JobState) -> Bool) async throws -> JobState? {
        let end = ContinuousClock.now + .seconds(seconds)
        var last: JobState?
        while ContinuousClock.now < end {
            last = try await self.state(job)
            if let last, isMeant(last) { return last }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the job \(job) is \(String(describing: last)) after \(seconds) s; \(self.read("slurm.out"))")
        return last
    }

    @discardableResult
    func waitForEnd(_ job: BackendJob) async throws -> JobEnd? {
        let state = try await self.wait(job) { if case .ended = $0 { true } else { false } }
        if case .ended(let end) = state { return end } else { return nil }
    }

    func read(_ file: String) -> String {
        (try? String(contentsOfFile: "\(self.cluster.shared)/\(file)", encoding: .utf8)) ?? ""
    }

    func lines(_ file: String) -> [String] { self.read(file).split(separator: "\n").map(String.init) }
}
