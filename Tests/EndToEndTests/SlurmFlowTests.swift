import Foundation
import MusterModel
import MusterProcess
import MusterTestSupport
import Testing

/// Whole runs on a real Slurm cluster: the command, its engine, Slurm's daemons, and an agent on every node.
@Suite(.serialized, .timeLimit(.minutes(60))) struct SlurmFlowTests {
    private static let flow = "PlacedFlow"

    /// A sandbox that the nodes of a cluster see, and the environment in which Slurm's commands work.
    private func withCluster(
        _ body: (Sandbox, SlurmCluster, _ marks: String) async throws -> Void
    ) async throws {
        let sandbox = try Sandbox()
        try await SlurmCluster.with(nodes: 3, arguments: Self.shares([sandbox])) { cluster in
            try await body(sandbox, cluster, Self.marks(sandbox))
        }
    }

    /// The options with which a cluster's nodes see these sandboxes, and the flows.
    static func shares(_ sandboxes: [Sandbox]) -> [String] {
        let root = PythonFlowTests.root
        let folders = sandboxes.map(\.folder) + (root.hasPrefix("/tmp/") ? [root] : [])
        return folders.flatMap { ["--share", $0] }
    }

    /// The folder in which bodies leave a file when they have begun.
    static func marks(_ sandbox: Sandbox) throws -> String {
        let marks = "\(sandbox.folder)/marks"
        try FileManager.default.createDirectory(atPath: marks, withIntermediateDirectories: true)
        return marks
    }

    func arguments(_ marks: String, mode: String) -> [String] {
        ["run", PythonFlowTests.flow("placed"), "--with", "slurm", "--mode", mode, "--marks", marks]
    }

    /// Jobs that have not ended.
    func jobs(_ cluster: SlurmCluster) async throws -> String {
        try await cluster.run(
            "squeue", "--noheader", "--me", "--states=PENDING,RUNNING,COMPLETING", "--format=%i %j %T")
    }

    func expectNothingLeft(_ sandbox: Sandbox, _ cluster: SlurmCluster) async throws {
        for _ in 0..<600 where try await !self.jobs(cluster).isEmpty { try await Task.sleep(for: .milliseconds(100)) }
        #expect(try await self.jobs(cluster) == "")
        #expect(sandbox.leftovers(of: Self.flow).isEmpty)
        sandbox.expectNoTransientObjects()
    }

    @Test("A flow runs on Slurm unchanged: every node on a host of its own, one job for a gang, nothing left")
    func whole() async throws {
        try await self.withCluster { sandbox, cluster, marks in
            let finished = try await sandbox.muster(
                self.arguments(marks, mode: "ends"), environment: cluster.environment)
            #expect(finished.status == .exited(0), "\(finished)")
            #expect(finished.all.contains("placed: ['node1', 'node2', 'node3'] 1"), "\(finished)")
            #expect(finished.all.contains("submitted to slurm as job"), "\(finished)")
            #expect(PlacedBodies.begun(marks) == ["0", "1", "2"])
            let (record, machine) = try await sandbox.newest(Self.flow)
            #expect(record.verdict == .succeeded)
            let attempt = AttemptID(flow: Self.flow, run: record.run, step: "train", task: 2, attempt: 0)
            for node in 0..<3 {
                let text = String(decoding: try sandbox.log(attempt, node: node), as: UTF8.self)
                #expect(text.contains("node \(node) of 3 on node\(node + 1)"), "\(text)")
            }
            #expect(machine[2].job != nil)
            try await self.expectNothingLeft(sandbox, cluster)
        }
    }

    @Test("A node that fails ends the gang and is named with its host, and the job ends as failed")
    func failure() async throws {
        try await self.withCluster { sandbox, cluster, marks in
            let finished = try await sandbox.muster(
                self.arguments(marks, mode: "fails"), environment: cluster.environment)
            #expect(finished.status == .exited(1), "\(finished)")
            #expect(finished.all.contains("told to fail"), "\(finished)")
            #expect(finished.all.contains("node 1 is node2"), "\(finished)")
            #expect(try await sandbox.newest(Self.flow).machine[2].failure?.node == 1)
            try await self.expectNothingLeft(sandbox, cluster)
        }
    }

    @Test("A set-up line that fails is reported by its node at once, with its code, its host and its output")
    func setup() async throws {
        try await self.withCluster { sandbox, cluster, marks in
            let started = ContinuousClock.now
            let finished = try await sandbox.muster(
                ["run", PythonFlowTests.flow("placed"), "--with", "slurm:setup=module-of-nobody", "--marks", marks],
                environment: cluster.environment)
            #expect(finished.status == .exited(1), "\(finished)")
            // Without a report the store's silence is waited for, 90 s.
            #expect(ContinuousClock.now - started < .seconds(60), "\(finished)")
            #expect(finished.all.contains("module-of-nobody: command not found"), "\(finished)")
            let failure = try #require(try await sandbox.newest(Self.flow).machine[1].failure)
            #expect(failure.code == .environment && failure.exitCode == 127, "\(failure)")
            #expect(failure.message.contains("a set-up line left with exit code 127 on node1"), "\(failure)")
            try await self.expectNothingLeft(sandbox, cluster)
        }
    }

    @Test(
        "A step that uses more memory than it asked for is told so, on a cluster that limits memory",
        .enabled(if: access("/sys/fs/cgroup/memory/tasks", W_OK) == 0))
    func outOfMemory() async throws {
        let sandbox = try Sandbox()
        try await SlurmCluster.with(nodes: 1, arguments: SlurmFlowTests.shares([sandbox]) + ["--limits"]) { cluster in
            let finished = try await sandbox.muster(
                ["run", PythonFlowTests.flow("hungry"), "--with", "slurm"], environment: cluster.environment)
            #expect(finished.status == .exited(1), "\(finished)")
            let failure = try #require(try await sandbox.newest("HungryFlow").machine[2].failure)
            #expect(failure.code == .signal && failure.signal == 9, "\(failure)")
            #expect(failure.message.contains("used more memory than it asked for"), "\(failure)")
            #expect(finished.all.contains("used more memory than it asked for"), "\(finished)")
            try await self.expectNothingLeft(sandbox, cluster)
        }
        let groups = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/fs/cgroup/memory")) ?? []
        #expect(groups.filter { $0.hasPrefix("slurm_") } == [])
    }

    @Test("Open MPI 4, Open MPI 5 and MPICH start their ranks on the nodes of the cluster, which meet and abort")
    func mpi() async throws {
        try await self.withCluster { sandbox, cluster, _ in
            for framework in ["system", "openmpi", "mpich"] {
                let finished = try await sandbox.run(
                    "FailingClusterFlow", ["--with", "slurm", "--framework", framework, "--way", "abort"],
                    environment: cluster.environment)
                #expect(finished.status == .exited(1), "\(finished)")
                let failure = try #require(
                    try await sandbox.newest("FailingClusterFlow").machine.tasks.first { $0.status == .failed }?.failure
                )
                #expect(failure.exitCode == 5, "\(framework): \(failure)")
            }
            try await self.expectNothingLeft(sandbox, cluster)
        }
    }

    @Test("Tasks of one node share jobs, and find nothing of each other; one that is tried again has a job of its own")
    func sharedJobs() async throws {
        try await self.withCluster { sandbox, cluster, _ in
            let flow = PythonFlowTests.flow("reuse")
            let shared = try await sandbox.muster(
                ["run", flow, "--with", "slurm", "--count", "8", "--failing", "5"], environment: cluster.environment)
            #expect(shared.status == .exited(0), "\(shared)")
            let told = try #require(
                shared.all.firstMatch(of: /reuse: (\d+) left (.*) attempts (\d+) jobs (\d+)/), "\(shared)")
            #expect(told.1 == "28" && told.2 == "[]" && told.3 == "1", "\(shared)")
            #expect(Int(told.4) ?? 8 < 8, "\(shared)")
            let tasks = try await sandbox.newest("ReuseFlow").machine.tasks
            let again = try #require(tasks.first { $0.attempts == 2 })
            #expect(tasks.filter { $0.job == again.job }.count == 1, "\(shared)")
            let own = try await sandbox.muster(
                ["run", flow, "--with", "slurm", "--count", "4", "--setting", "queue.reuse-window=0"],
                environment: cluster.environment)
            #expect(own.all.contains("reuse: 6 left [] attempts 0 jobs 4"), "\(own)")
            try await self.expectNothingLeft(sandbox, cluster)
        }
    }

    @Test("An engine that is killed while tasks share jobs is resumed: every body has run once, in its first attempt")
    func sharedJobsOfKilledEngine() async throws {
        try await self.withCluster { sandbox, cluster, marks in
            let running = try sandbox.start(
                [
                    "run", PythonFlowTests.flow("reuse"), "--with", "slurm", "--count", "12", "--seconds", "0.5",
                    "--marks",
                    marks,
                ], environment: cluster.environment)
            for _ in 0..<1200 where PlacedBodies.begun(marks).count < 5 { try await Task.sleep(for: .milliseconds(50)) }
            running.process?.signal(SIGKILL)
            _ = await running.end()
            let resumed = try await sandbox.muster(
                ["resume", PythonFlowTests.flow("reuse"), "--with", "slurm"], environment: cluster.environment)
            #expect(resumed.status == .exited(0), "\(resumed)")
            #expect(resumed.all.contains("reuse: 66 left [] attempts 0"), "\(resumed)")
            #expect(PlacedBodies.begun(marks).count == 12)
            for number in 0..<12 {
                #expect(try String(contentsOfFile: "\(marks)/\(number).0", encoding: .utf8) == "x")
            }
            try await self.expectNothingLeft(sandbox, cluster)
        }
    }

    @Test("A run that is cancelled leaves no job, no process and no key")
    func cancelled() async throws {
        try await self.withCluster { sandbox, cluster, marks in
            let running = try sandbox.start(self.arguments(marks, mode: "waits"), environment: cluster.environment)
            try await PlacedBodies.untilBegun(marks)
            let cancel = try await sandbox.muster(["cancel", Self.flow], environment: cluster.environment)
            #expect(cancel.status == .exited(0), "\(cancel)")
            #expect(await running.end() == .exited(1), "\(running.output)")
            #expect(try await sandbox.newest(Self.flow).record.verdict == .cancelled)
            try await self.expectNothingLeft(sandbox, cluster)
        }
    }

    @Test("A run whose engine was killed is ended by cancel, with its job")
    func cancelledAfterwards() async throws {
        try await self.withCluster { sandbox, cluster, marks in
            let running = try sandbox.start(self.arguments(marks, mode: "waits"), environment: cluster.environment)
            try await PlacedBodies.untilBegun(marks)
            running.process?.signal(SIGKILL)
            _ = await running.end()
            let cancel = try await sandbox.muster(["cancel", Self.flow], environment: cluster.environment)
            #expect(cancel.status == .exited(0), "\(cancel)")
            #expect(try await sandbox.newest(Self.flow).record.verdict == .cancelled)
            try await self.expectNothingLeft(sandbox, cluster)
        }
    }

    @Test("A gang outlives its engine: resume shows the same job again, and no body runs twice")
    func resumed() async throws {
        try await self.withCluster { sandbox, cluster, marks in
            let running = try sandbox.start(self.arguments(marks, mode: "waits"), environment: cluster.environment)
            try await PlacedBodies.untilBegun(marks)
            let before = try await sandbox.newest(Self.flow)
            running.process?.signal(SIGKILL)
            _ = await running.end()
            let resume = try sandbox.start(
                ["resume", PythonFlowTests.flow("placed"), "--with", "slurm"], environment: cluster.environment)
            await resume.wait(for: "train/2 started")
            _ = FileManager.default.createFile(atPath: "\(marks)/go", contents: nil)
            #expect(await resume.end() == .exited(0), "\(resume.output)")
            #expect(resume.output.contains("placed: ['node1', 'node2', 'node3'] 1"), "\(resume.output)")
            #expect(PlacedBodies.begun(marks) == ["0", "1", "2"], "no body ran twice")
            let after = try await sandbox.newest(Self.flow)
            #expect(after.record.run == before.record.run)
            #expect(after.machine[2].attempts == 1 && after.machine[2].job == before.machine[2].job)
            try await self.expectNothingLeft(sandbox, cluster)
        }
    }
}
