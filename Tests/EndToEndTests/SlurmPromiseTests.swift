import Foundation
import MusterModel
import MusterProcess
import MusterTestSupport
import Testing

/// Promises about gangs on a real Slurm cluster that something goes wrong with, and the frameworks' clusters. Each test has
/// one cluster for many runs. What they promise in seconds is asserted far above that: the benchmarks `slurm-…` measure it.
@Suite(.serialized, .timeLimit(.minutes(60))) struct SlurmPromiseTests {
    private let flows = SlurmFlowTests()

    @Test(
        "Every example ends on Slurm as it does here, its frameworks' clusters included, also where nodes have a second network that leads nowhere and the queue forgets jobs after 2 s"
    )
    func examples() async throws {
        let sandbox = try Sandbox()
        let large = "\(sandbox.folder)/large"
        try Data(count: 5_000_000).write(to: URL(filePath: large))
        let processors = ProcessInfo.processInfo.activeProcessorCount
        let arguments =
            SlurmFlowTests.shares([sandbox])
            + ["--cpus", "\(max(2, min(4, processors)))", "--memory", "4000", "--set", "MinJobAge=2"]
        try await SlurmCluster.with(nodes: 4, arguments: arguments) { cluster in
            // MPIHeat has Open MPI bind each of four ranks on a node to a processor of its own.
            for example in Example.python + Example.swift where example.flow != "MPIHeat" || processors >= 4 {
                let finished = try await sandbox.muster(
                    ["run", example.path, "--with", "slurm"], environment: cluster.environment)
                #expect(finished.status == .exited(0), "\(finished)")
                #expect(finished.all.contains(example.prints), "\(finished)")
                #expect(finished.all.contains("submitted to slurm as job"), "\(finished)")
            }
            let broadcast = try await sandbox.run(
                "BroadcastFlow", ["--with", "slurm", "--nodes", "3", "--file", large], environment: cluster.environment)
            #expect(broadcast.status == .exited(0), "\(broadcast)")
            let ring = try await sandbox.run("RingFlow", ["--with", "slurm"], environment: cluster.environment)
            #expect(ring.status == .exited(0) && ring.all.contains("the ring is whole"), "\(ring)")
            try await self.secondNetwork(sandbox, cluster)
            try await self.flows.expectNothingLeft(sandbox, cluster)
        }
    }

    /// Nodes whose default route leads into a network of their own, as on a host with a network for administration.
    private func secondNetwork(_ sandbox: Sandbox, _ cluster: SlurmCluster) async throws {
        let bridge = try String(contentsOfFile: "\(cluster.folder)/run/mode", encoding: .utf8)
        // Without namespaces all nodes have this machine's interfaces.
        guard bridge == "namespaces\n" else { return }
        try await cluster.run(
            "srun", "--mpi=none", "-N4", "--ntasks-per-node=1", "bash", "-ec",
            """
            ip link add eth1 type dummy; ip link set eth1 up
            ip address add 172.31.0.$((SLURM_NODEID + 1))/24 dev eth1; ip route replace default via 172.31.0.254 dev eth1
            """)
        let started = ContinuousClock.now
        let gang = try await sandbox.run(
            "GangFlow", ["--with", "slurm", "--nodes", "3"], environment: cluster.environment)
        #expect(gang.status == .exited(0) && gang.all.contains("gang: [0, 1, 2]"), "\(gang)")
        // A node that waited for a network without an answer would take two minutes.
        #expect(ContinuousClock.now - started < .seconds(60))
        let address = try await cluster.run("scontrol", "show", "node", "node1")
        let network = try #require(address.firstMatch(of: /NodeAddr=(\d+\.\d+)\./)?.1)
        let ring = try await sandbox.run(
            "RingFlow", ["--with", "slurm:network=\(network).0.0/16"], environment: cluster.environment)
        #expect(ring.status == .exited(0) && ring.all.contains("the ring is whole"), "\(ring)")
    }

    @Test(
        "When a node dies the bodies on the others and the job are soon gone, the node is named, and the gang is tried again by the place's own budget"
    )
    func nodeLoss() async throws {
        let sandboxes = try [Sandbox(), Sandbox()]
        let arguments = SlurmFlowTests.shares(sandboxes)
        try await SlurmCluster.with(nodes: 3, arguments: arguments) { cluster in
            guard try String(contentsOfFile: "\(cluster.folder)/run/mode", encoding: .utf8) == "namespaces\n" else {
                // A node that is a port cannot lose everything that is on it.
                return
            }
            // A worker, then node 0, on whose host the job's script runs too.
            for (sandbox, node) in zip(sandboxes, [2, 0]) {
                let marks = try SlurmFlowTests.marks(sandbox)
                let running = try sandbox.start(
                    self.flows.arguments(marks, mode: "waits"), environment: cluster.environment)
                try await PlacedBodies.untilBegun(marks)
                await running.wait(for: "runs on")
                try await cluster.script(["kill", cluster.folder, "node\(node + 1)"])
                let killed = ContinuousClock.now
                while !sandbox.leftovers(of: "PlacedFlow").isEmpty, ContinuousClock.now - killed < .seconds(90) {
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(ContinuousClock.now - killed < .seconds(60), "the bodies, when node \(node) died")
                while try await cluster.run("squeue", "--noheader", "--states=RUNNING") != "",
                    ContinuousClock.now - killed < .seconds(150)
                {
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(ContinuousClock.now - killed < .seconds(120), "the job, when node \(node) died")
                await running.wait(for: "was lost")
                #expect(running.output.contains("node \(node) is node\(node + 1)"), "\(running.output)")
                try await cluster.script(["up", cluster.folder, "--nodes", "3"] + arguments)
                try await self.expectSecondAttempt(Story(sandbox: sandbox, cluster: cluster), running)
            }
        }
    }

    /// One run of a gang, and how it is to end.
    private struct Story {
        let sandbox: Sandbox
        let cluster: SlurmCluster
        let flows = SlurmFlowTests()
        var marks: String { "\(self.sandbox.folder)/marks" }

        func start(_ options: String, mode: String = "waits") throws -> Running {
            let marks = try SlurmFlowTests.marks(self.sandbox)
            var arguments = self.flows.arguments(marks, mode: mode)
            arguments[3] = options.isEmpty ? "slurm" : "slurm:\(options)"
            return try self.sandbox.start(arguments, environment: self.cluster.environment)
        }

        /// The number of the job that runs the gang, once all of its bodies have begun.
        func job() async throws -> String {
            try await PlacedBodies.untilBegun(self.marks)
            return try #require(try await self.sandbox.newest("PlacedFlow").machine[2].job)
        }

        func go() { _ = FileManager.default.createFile(atPath: "\(self.marks)/go", contents: nil) }

        var gang: RunTask { get async throws { try await self.sandbox.newest("PlacedFlow").machine[2] } }
    }

    @Test(
        "Ends that the place decides: time limit, set-up, hold, cancel by hand, SIGTERM, requeue, preemption, and a full cluster; without sacct"
    )
    func ends() async throws {
        let sandboxes = try (0..<9).map { _ in try Sandbox() }
        let arguments =
            SlurmFlowTests.shares(sandboxes) + [
                "--cpus", "4", "--set", "PreemptType=preempt/partition_prio", "--set",
                "PreemptMode=CANCEL",
            ]
        try await SlurmCluster.with(nodes: 3, arguments: arguments) { cluster in
            let stories = sandboxes.map { Story(sandbox: $0, cluster: cluster) }
            // It takes a minute and more, beside all others.
            async let limited: Void = self.timeLimit(stories[0])
            try await self.setup(stories[1])
            try await self.hold(stories[2])
            try await self.cancelledByHand(stories[3])
            try await self.terminated(stories[4])
            try await self.requeued(stories[5])
            try await limited
            try await self.fullCluster(stories[6], stories[7])
            try await self.preempted(stories[8])
            for story in stories { try await self.flows.expectNothingLeft(story.sandbox, cluster) }
        }
    }

    private func timeLimit(_ story: Story) async throws {
        let running = try story.start("time=1")
        #expect(await running.end() == .exited(1), "\(running.output)")
        let failure = try await story.gang.failure
        #expect(failure?.code == .timeout && failure?.message.contains("more time") == true, "\(running.output)")
    }

    private func setup(_ story: Story) async throws {
        let running = try story.start("setup=module-of-nobody")
        #expect(await running.end() == .exited(1), "\(running.output)")
        #expect(running.output.contains("module-of-nobody: command not found"), "\(running.output)")
        // The first step runs there too.
        let failure = try await story.sandbox.newest("PlacedFlow").machine[1].failure
        #expect(failure?.code == .environment && failure?.exitCode == 127, "\(running.output)")
        let words = "a set-up line left with exit code 127 on node"
        #expect(failure?.message.hasPrefix(words) == true, "\(running.output)")
        #expect(PlacedBodies.begun(story.marks) == [])
    }

    private func hold(_ story: Story) async throws {
        let started = ContinuousClock.now
        let running = try story.start("extra=--hold")
        #expect(await running.end() == .exited(1), "\(running.output)")
        #expect(ContinuousClock.now - started < .seconds(200))
        #expect(running.output.contains("JobHeldUser") && running.output.contains("scontrol release"))
    }

    private func cancelledByHand(_ story: Story) async throws {
        let running = try story.start("")
        let job = try await story.job()
        try await self.expectNoSecret(story, job)
        try await story.cluster.run("scancel", job)
        #expect(await running.end() == .exited(1), "\(running.output)")
        let gang = try await story.gang
        #expect(gang.failure?.code == .cancelled && gang.attempts == 1, "\(running.output)")
    }

    /// The gang's key is where its nodes read it, and nowhere else that others could look.
    private func expectNoSecret(_ story: Story, _ job: String) async throws {
        let runs = "\(story.sandbox.store)/runs"
        let names = FileManager.default.enumerator(atPath: runs)?.allObjects as? [String] ?? []
        let name = try #require(names.first { $0.hasSuffix(".key") })
        let mode = try FileManager.default.attributesOfItem(atPath: "\(runs)/\(name)")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let key = try Data(contentsOf: URL(filePath: "\(runs)/\(name)"))
        let spellings = [
            key, Data(key.base64EncodedString().utf8), Data(key.map { String(format: "%02x", $0) }.joined().utf8),
        ]
        var places = [
            "job": Data(try await story.cluster.run("scontrol", "show", "job", "-dd", job).utf8),
            "script": Data(try await story.cluster.run("scontrol", "write", "batch_script", job, "-").utf8),
        ]
        for pid in try FileManager.default.contentsOfDirectory(atPath: "/proc") where pid.first?.isNumber == true {
            for file in ["environ", "cmdline"] {
                // A process that has ended meanwhile shows nothing.
                places["\(pid)/\(file)"] = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)")
            }
        }
        for (place, bytes) in places {
            for spelling in spellings { #expect(bytes.range(of: spelling) == nil, "the key is in \(place)") }
        }
    }

    /// The agent of node 1 is told to end: the place's fault, tried again by the place's own budget.
    private func terminated(_ story: Story) async throws {
        let running = try story.start("")
        let job = try await story.job()
        let agents = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter {
            pid in
            func words(_ file: String) -> [Data] {
                (FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data()).split(separator: 0)
            }
            return words("cmdline").contains(Data("node".utf8)) && words("cmdline").contains(Data("--order".utf8))
                && Set(words("environ")).isSuperset(of: [Data("SLURM_JOB_ID=\(job)".utf8), Data("SLURM_PROCID=1".utf8)])
        }
        // The keeper, which passes the signal on, and the agent itself.
        let keeper = try #require(agents.min())
        kill(keeper, SIGTERM)
        try await self.expectSecondAttempt(story, running)
    }

    private func expectSecondAttempt(_ story: Story, _ running: Running) async throws {
        for _ in 0..<600 where PlacedBodies.begun(story.marks).count < 6 {
            try await Task.sleep(for: .milliseconds(100))
        }
        story.go()
        #expect(await running.end() == .exited(0), "\(running.output)")
        let gang = try await story.gang
        #expect(gang.attempts == 2, "\(running.output)")
        #expect(PlacedBodies.begun(story.marks) == ["0", "0", "1", "1", "2", "2"], "bodies run once in an attempt")
    }

    /// An administrator starts the job again: its second start is a twin that touches nothing.
    private func requeued(_ story: Story) async throws {
        let running = try story.start("")
        let job = try await story.job()
        try await story.cluster.run("scontrol", "update", "JobId=\(job)", "Requeue=1")
        try await story.cluster.run("scontrol", "requeue", job)
        try await self.expectSecondAttempt(story, running)
    }

    /// Two gangs of which each takes all of the cluster: one waits for the other, and both finish.
    private func fullCluster(_ one: Story, _ other: Story) async throws {
        let running = try [one, other].map { try $0.start("exclusive=true", mode: "ends") }
        for each in running { #expect(await each.end() == .exited(0), "\(each.output)") }
    }

    private func preempted(_ story: Story) async throws {
        try await story.cluster.run("scontrol", "create", "PartitionName=urgent", "Nodes=ALL", "PriorityTier=10")
        let running = try story.start("exclusive=true")
        _ = try await story.job()
        try await story.cluster.run(
            "sbatch", "--partition=urgent", "-N3", "--exclusive", "--output=/dev/null", "--wrap=sleep 5")
        try await self.expectSecondAttempt(story, running)
    }
}
