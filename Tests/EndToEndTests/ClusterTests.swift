import Foundation
import MusterModel
import MusterProcess
import Testing

/// Clusters of all frameworks, as their authors ship them. What they need is fetched at their first run, which may take
/// minutes.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ClusterTests {
    @Test(
        "The examples' clusters do their work on several nodes and leave nothing",
        arguments: Example.swift)
    func run(example: Example) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", example.path])
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains(example.prints), "\(finished)")
        try await self.expectNothingLeft(of: example.flow, in: sandbox)
    }

    @Test("A cluster of one node is a cluster", arguments: ["torchrun", "deepspeed", "mpi", "ray", "tensorflow"])
    func oneNode(framework: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("FrameworkFlow", ["--framework", framework, "--nodes", "1"])
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("first-collective"), "\(finished)")
        try await self.expectNothingLeft(of: "FrameworkFlow", in: sandbox)
    }

    @Test("The oldest Ray forms a cluster too, whose nodes have folders of their own, in a flow in Python")
    func oldestRay() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(
            ["run", "versions.py"],
            environment: [
                "VERSIONS_FRAMEWORK": "ray", "VERSIONS_PACKAGES": #"{"ray": "2.9.0", "setuptools": "<81"}"#,
                "MUSTER_STORE": sandbox.store,
            ], folder: "\(PythonFlowTests.root)/Tests/FlowFixtures/Scripts")
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("of 2"), "\(finished)")
        try await self.expectNothingLeft(of: "VersionsFlow", in: sandbox)
    }

    @Test(
        "What an MPI rank prints stands under the node where it ran, or under the control node where its launcher labels it",
        arguments: ["system", "openmpi", "mpich"], ["none", "labelled"])
    func output(framework: String, way: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("FailingClusterFlow", ["--framework", framework, "--way", way])
        #expect(finished.status == .exited(0), "\(finished)")
        let lines = finished.all.split(separator: "\n")
        for node in 0..<3 {
            let printed = lines.filter { $0.contains("rank \(node) on node \(node) with 3 nodes, control task 2") }
            try #require(printed.count == 1, "\(finished)")
            #expect(printed[0].contains(way == "labelled" ? "[0] " : "[\(node)] "), "\(finished)")
        }
        try await self.expectNothingLeft(of: "FailingClusterFlow", in: sandbox)
    }

    @Test("Nodes of a plain gang wait for each other, get the control node's files and run programs together")
    func together() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("TogetherFlow")
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("together: 3"), "\(finished)")
        for node in 0..<3 {
            #expect(finished.all.contains("[\(node)] launched on \(node) as a b=\"ü\""), "\(finished)")
        }
        #expect(finished.all.components(separatedBy: "only on").count == 2, "one node alone was to run it: \(finished)")
        try await self.expectNothingLeft(of: "TogetherFlow", in: sandbox)
    }

    @Test("A barrier to which a node never comes fails with that node's number")
    func brokenBarrier() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("TogetherFlow", ["--missing", "2"])
        #expect(finished.status == .exited(1), "\(finished)")
        #expect(finished.all.contains("body of node 2 has ended without coming to it"), "\(finished)")
    }

    @Test("A framework that a flow program brings is planned by that program, services and launches")
    func broughtFramework() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("RingFlow", ["--nodes", "3", "--laps", "2"])
        #expect(finished.status == .exited(0), "\(finished)")
        for node in 0..<3 { #expect(finished.all.contains("lap 1: the token came by node \(node)"), "\(finished)") }
        try await self.expectNothingLeft(of: "RingFlow", in: sandbox)
        let refused = try await sandbox.run("RingFlow", ["--laps", "0"])
        #expect(refused.status == .exited(1), "\(refused)")
        #expect(refused.all.contains("laps must be a whole number above 0"), "\(refused)")
    }

    @Test("Arguments arrive byte for byte, whatever starts the program")
    func arguments() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("ArgumentsFlow")
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(
            finished.all.contains(#"arguments arrived: ["torchrun", "deepspeed", "mpi", "parallel"]"#), "\(finished)")
    }

    @Test("A gang that may be smaller has as many nodes as the machine has room for, and no fewer than it needs")
    func elastic() async throws {
        let sandbox = try Sandbox()
        let cpus = ProcessInfo.processInfo.activeProcessorCount
        let finished = try await sandbox.run("ElasticFlow")
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("elastic: \(min(4, max(2, cpus))) nodes"), "\(finished)")
        let refused = try await sandbox.run("ElasticFlow", ["--least=0", "--most=1"])
        #expect(refused.status == .exited(1), "\(refused)")
        #expect(refused.all.contains("at least 0 of 1 nodes"), "\(refused)")
    }

    @Test(
        "Clusters of one framework at the same time share no port and no folder, and do not meet",
        arguments: [
            ("RingFlow", nil, 3), ("FrameworkFlow", "torchrun", 2), ("FrameworkFlow", "mpi", 2),
            ("FrameworkFlow", "ray", 2), ("FrameworkFlow", "tensorflow", 2),
        ])
    func atOnce(flow: String, framework: String?, clusters: Int) async throws {
        let sandbox = try Sandbox()
        let program = try sandbox.flow(flow)
        let words = framework.map { ["--framework", $0] } ?? []
        try await withThrowingTaskGroup(of: Finished.self) { group in
            for _ in 0..<clusters { group.addTask { try await sandbox.muster(["run", program] + words) } }
            for try await finished in group {
                #expect(finished.status == .exited(0), "\(finished)")
                // The collective's own count: two clusters that had met would be four.
                if framework != nil { #expect(finished.all.contains(/first-collective [0-9.]+ of 2\b/), "\(finished)") }
            }
        }
        try await self.expectNothingLeft(of: flow, in: sandbox)
    }

    @Test("A program that knows a Ray cluster's address and not its token is not let in")
    func unauthenticated() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", PythonFlowTests.flow("unauthenticated")])
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("client: refused"), "\(finished)")
        #expect(finished.all.contains("alive: 2"), "\(finished)")
        try await self.expectNothingLeft(of: "UnauthenticatedFlow", in: sandbox)
    }

    private func expectNothingLeft(of flow: String, in sandbox: Sandbox) async throws {
        #expect(sandbox.leftovers(of: flow).isEmpty)
        #expect(sandbox.scratch.isEmpty)
    }
}
