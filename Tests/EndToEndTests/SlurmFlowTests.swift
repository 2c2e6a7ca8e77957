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
