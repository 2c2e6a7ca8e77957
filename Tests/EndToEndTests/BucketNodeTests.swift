import Foundation
import MusterModel
import MusterObjects
import MusterProcess
import MusterTestSupport
import Testing

/// Steps on nodes that see nothing of the engine's folders, but the bucket of radosgw that the store is in. The nodes are
/// processes of this machine, with empty folders in the place of the engine's.
@Suite(.beside(.radosgw), .timeLimit(.minutes(20))) struct BucketNodeTests {
    private static let flow = "PlacedFlow"

    /// A team whose engines have such nodes.
    final class Islands {
        let team: BucketFlowTests.Team
        /// The nodes' folder for temporary files.
        let temporary: String
        /// Where bodies leave marks.
        let marks: String
        private let variables: [String: String]

        /// - Parameters:
        ///   - hides: More folders of the engine's that nodes do not see.
        ///   - nodes: Variables that nodes have.
        init(
            before endpoint: String? = nil, path: String? = nil, hides: [String] = [], nodes: [String: String] = [:]
        ) async throws {
            self.team = try await BucketFlowTests.Team(before: endpoint)
            let folder = self.team.sandbox.folder
            self.temporary = "/tmp/i\(UUID().uuidString.prefix(8))"
            self.marks = "\(self.temporary)-marks"
            for each in [self.temporary, self.marks] {
                try FileManager.default.createDirectory(atPath: each, withIntermediateDirectories: true)
            }
            let root = PythonFlowTests.root
            // Every node fetches it: without the symbols for a debugger it is a third as large.
            let agent = "\(folder)/muster-agent"
            let stripped = try await self.team.sandbox.shell("strip -o \(agent) \(Sandbox.programs)/muster-agent")
            try #require(stripped.status == .exited(0), "\(stripped)")
            self.variables = [
                "PATH":
                    "\(root)/Tests/BackendFixtures:\(path ?? ProcessInfo.processInfo.environment["PATH"] ?? "/bin:/usr/bin")",
                "MUSTER_PROCESSES": "\(folder)/jobs", "MUSTER_AGENT": agent,
                "MUSTER_ISLANDS_HIDE":
                    (["\(folder)", "\(root)/Python", "\(root)/Tests", "\(root)/.build"] + hides).joined(separator: ":"),
                "MUSTER_ISLANDS_VARIABLES": String(decoding: try JSONEncoder().encode(nodes), as: UTF8.self),
                "MUSTER_ISLANDS_TEMPORARY": self.temporary,
            ]
        }

        deinit { for path in [self.temporary, self.marks] { try? FileManager.default.removeItem(atPath: path) } }

        func on(_ machine: String) -> [String: String] { self.team.on(machine).merging(self.variables) { $1 } }

        func muster(
            _ arguments: [String], on machine: String, with variables: [String: String] = [:]
        ) async throws -> Finished {
            try await self.team.sandbox.muster(arguments, environment: self.on(machine).merging(variables) { $1 })
        }

        func start(_ arguments: [String], on machine: String) throws -> Running {
            try self.team.sandbox.start(arguments, environment: self.on(machine))
        }

        func run(
            _ flow: String, _ arguments: [String] = [], on machine: String, with variables: [String: String] = [:]
        ) async throws -> Finished {
            try await self.muster(
                ["run", try self.team.sandbox.flow(flow), "--on", "islands"] + arguments, on: machine, with: variables)
        }

        func placed(_ mode: String) -> [String] {
            ["run", PythonFlowTests.flow("placed"), "--with", "islands", "--mode", mode, "--marks", self.marks]
        }

        func go() { _ = FileManager.default.createFile(atPath: "\(self.marks)/go", contents: nil) }

        /// Nothing of attempts is in the bucket, and nothing of nodes on their machine.
        func expectNothingLeft(of flow: String) async throws {
            for _ in 0..<300 where !self.team.sandbox.leftovers(of: flow).isEmpty {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(self.team.sandbox.leftovers(of: flow).isEmpty)
            let attempts = try await self.team.objects.objects(prefix: "runs/").map(\.key)
                .filter { $0.contains("/attempts/") }
            #expect(attempts.isEmpty)
            for _ in 0..<50 where try !FileManager.default.contentsOfDirectory(atPath: self.temporary).isEmpty {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: self.temporary) == [])
        }

        /// The step's log comes to hold `text`, on a machine that looks into the bucket.
        func expect(_ text: String, inLogOf step: String, on machine: String) async throws {
            var log = ""
            for _ in 0..<100 {
                log = try await self.team.text(["logs", "\(BucketNodeTests.flow)/latest/\(step)"], on: machine)
                if log.contains(text) { return }
                try await Task.sleep(for: .milliseconds(300))
            }
            Issue.record("the log of \(step) does not come to hold '\(text)': \(log)")
        }

        /// The process groups of the nodes of the step's job.
        func groups(of step: String) throws -> [Int32] {
            let jobs = "\(self.team.sandbox.folder)/jobs"
            let names = try FileManager.default.contentsOfDirectory(atPath: jobs).filter { $0.contains("-\(step)-") }
            let folder = "\(jobs)/\(try #require(names.first))"
            return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".process") }
                .sorted().compactMap { name in
                    try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8).split(separator: " ").first
                        .flatMap { Int32($0) }
                }
        }
    }

    @Test(
        "Flows of every shape come to the same end on nodes that see nothing but the bucket as here",
        arguments: [
            ("LinearFlow", "linear: 3 0.5 false linear fast [4, 2]"), ("BranchFlow", nil), ("ForeachFlow", nil),
            ("GangFlow", "gang: [0, 1, 2, 3]"), ("CatchFlow", nil), ("RingFlow", nil),
        ] as [(String, String?)])
    func shapes(flow: String, prints: String?) async throws {
        let islands = try await Islands()
        let run = try await islands.run(flow, ["--max-workers", "4"], on: "a")
        #expect(run.status == .exited(0), "\(run)")
        if let prints { #expect(run.all.contains(prints), "\(run)") }
        let here = try await islands.team.sandbox.run(flow)
        #expect(here.status == .exited(0))
        let machine = try await islands.team.sandbox.newest(flow).machine
        // The others keep addresses and times.
        for step in Set(machine.tasks.map(\.step)) where ["LinearFlow", "BranchFlow", "ForeachFlow"].contains(flow) {
            let dump = ["dump", "\(flow)/latest/\(step)", "--json"]
            let expected = try await islands.team.sandbox.muster(dump).output
            #expect(try await islands.team.text(dump, on: "b") == expected, "\(step)")
        }
        let logs = ["logs", "\(flow)/latest"]
        #expect(try await islands.team.text(logs, on: "c") == islands.team.text(logs, on: "a"))
        try await islands.expectNothingLeft(of: flow)
    }

    @Test("A node whose framework cannot be asked for its cluster ends the gang and is named")
    func brokenNode() async throws {
        let islands = try await Islands()
        let run = try await islands.run("RingFlow", on: "a", with: ["MUSTER_ISLANDS_BROKEN": "2"])
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.contains("turn/2[2] failed: ring: this machine cannot be a part of a ring"), "\(run)")
        try await islands.expectNothingLeft(of: "RingFlow")
    }

    @Test("A flow in Python takes its front end, the modules beside it and large values along")
    func python() async throws {
        let islands = try await Islands()
        let folder = islands.team.sandbox.folder
        let script = """
            import helper
            from metaflow import FlowSpec, IncludeFile, card, current, step
            class Sizes(FlowSpec):
                table = IncludeFile("table", default="table.txt")
                @step
                def start(self):
                    # The first is an artifact of its own, which only the list of elements names.
                    self.items = ["x" * 20_000, "y"]
                    self.big = bytes(range(256)) * 20_000
                    self.next(self.measure, foreach="items")
                @card
                @step
                def measure(self):
                    print("measuring", self.table.strip())
                    for number in range(3000):
                        print(f"line {number} " + "z" * 100)
                    self.size = helper.size(self.input) + len(self.big)
                    self.next(self.join)
                @step
                def join(self, inputs):
                    self.sizes = [each.size for each in inputs]
                    self.merge_artifacts(inputs, include=["big"])
                    self.next(self.end)
                @step
                def end(self):
                    print("sizes", self.sizes, len(self.big))
            if __name__ == "__main__":
                Sizes()
            """
        try Data(script.utf8).write(to: URL(filePath: "\(folder)/sizes.py"))
        try Data("def size(value):\n    return len(value)\n".utf8).write(to: URL(filePath: "\(folder)/helper.py"))
        try Data("from a file\n".utf8).write(to: URL(filePath: "\(folder)/table.txt"))
        let run = try await islands.muster(["run", "sizes.py", "--with", "islands"], on: "a")
        #expect(run.status == .exited(0), "\(run.errors) \(run.output.suffix(2000))")
        #expect(run.all.contains("sizes [5140000, 5120001] 5120000"), "\(run.output.suffix(2000))")
        let log = try await islands.team.text(["logs", "Sizes/latest/measure/2"], on: "b")
        #expect(log.contains("measuring from a file"))
        #expect(log.split(separator: "\n").filter { $0.contains("line ") }.count == 3000)
        #expect(try await islands.team.text(["card", "list", "Sizes/latest/measure"], on: "c").contains("measure"))
        let dump = try await islands.team.text(["dump", "Sizes/latest/join/4", "--include", "sizes"], on: "d")
        #expect(dump == "sizes = [5140000, 5120001]\n")
        try await islands.expectNothingLeft(of: "Sizes")
    }

    @Test("A gang of torchrun trains on them, with the Python that the nodes have")
    func torchrun() async throws {
        // The nodes' image, as it were: an environment with the packages of the example.
        let example = "\(PythonFlowTests.root)/Examples/Python/torchrun"
        let source = try String(contentsOfFile: "\(example)/flow.py", encoding: .utf8)
        let prefix = try #require(try await PythonPackages.environment(of: source, Sandbox())).prefix
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/bin:/usr/bin"
        let islands = try await Islands(path: "\(prefix)/bin:\(path)")
        let folder = islands.team.sandbox.folder
        for name in try FileManager.default.contentsOfDirectory(atPath: example) {
            try FileManager.default.copyItem(atPath: "\(example)/\(name)", toPath: "\(folder)/\(name)")
        }
        let plain = source.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.contains("@pypi") }
        try Data(plain.joined(separator: "\n").utf8).write(to: URL(filePath: "\(folder)/flow.py"))
        let run = try await islands.muster(["run", "flow.py", "--with", "islands"], on: "a")
        #expect(run.status == .exited(0), "\(run)")
        #expect(run.all.contains("the slope is 3.0"), "\(run)")
        try await islands.expectNothingLeft(of: "TorchrunFlow")
    }

    @Test("A node that fails ends the gang and is named, with its last lines")
    func failure() async throws {
        let islands = try await Islands()
        let run = try await islands.muster(islands.placed("fails"), on: "a")
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.contains("told to fail"), "\(run)")
        let status = try await islands.team.text(["status", Self.flow], on: "b")
        #expect(status.contains("told to fail") && status.contains("node 1"), "\(status)")
        #expect(try await islands.team.text(["logs", "\(Self.flow)/latest/train"], on: "b").contains("node 1 of 3"))
        try await islands.expectNothingLeft(of: Self.flow)
    }

    @Test("Nodes that are killed fail the attempt, and the nodes that are left end by themselves")
    func killedNodes() async throws {
        let islands = try await Islands()
        let running = try islands.start(islands.placed("waits"), on: "a")
        try await PlacedBodies.untilBegun(islands.marks)
        kill(-(try islands.groups(of: "train")[0]), SIGKILL)
        #expect(await running.end() == .exited(1), "\(running.output)")
        #expect(running.output.contains("node 0"), "\(running.output)")
        #expect(islands.team.sandbox.leftovers(of: Self.flow).isEmpty)
    }

    @Test("An engine is killed; one on a machine that has never seen the run goes on with the same gang")
    func resumed() async throws {
        let islands = try await Islands()
        let running = try islands.start(islands.placed("waits"), on: "a")
        try await PlacedBodies.untilBegun(islands.marks)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        // Without an engine too, what a node prints is in the bucket a second later.
        try await islands.expect("node 2 of 3", inLogOf: "train", on: "c")
        let resume = try islands.start(
            ["resume", PythonFlowTests.flow("placed"), "--with", "islands"], on: "b")
        await resume.wait(for: "train/2 started")
        islands.go()
        #expect(await resume.end() == .exited(0), "\(resume.output)")
        #expect(PlacedBodies.begun(islands.marks) == ["0", "1", "2"], "no body ran twice")
        #expect(try await islands.team.text(["logs", "\(Self.flow)/latest/train"], on: "d").contains("node 2 of 3"))
        try await islands.expectNothingLeft(of: Self.flow)
    }

    @Test("A run whose engine was killed is ended by cancel on another machine, with its gang")
    func cancelled() async throws {
        let islands = try await Islands()
        let running = try islands.start(islands.placed("waits"), on: "a")
        try await PlacedBodies.untilBegun(islands.marks)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        let cancel = try await islands.muster(["cancel", Self.flow], on: "b")
        #expect(cancel.status == .exited(0), "\(cancel)")
        #expect(try await islands.team.text(["list"], on: "c").contains("cancelled"))
        try await islands.expectNothingLeft(of: Self.flow)
    }

    @Test("With a failure at every fifth request of engine and nodes, flows succeed and every body runs once")
    func faults() async throws {
        let server = try #require(S3Server.current)
        let proxy = try FaultProxy(before: server.endpoint, every: 5)
        try await ScriptedServer.with {
            await proxy.reply(to: $0)
        } _: { front in
            let islands = try await Islands(before: front.endpoint)
            let run = try await islands.muster(islands.placed("ends"), on: "a")
            #expect(run.status == .exited(0), "\(run)")
            #expect(PlacedBodies.begun(islands.marks) == ["0", "1", "2"])
            try await islands.expectNothingLeft(of: Self.flow)
        }
        #expect(proxy.faults > 10)
    }

    @Test("What such nodes cannot do is told with what to do")
    func refusals() async throws {
        let islands = try await Islands()
        var folder = islands.on("a")
        folder["MUSTER_STORE"] = "\(islands.team.sandbox.folder)/.muster"
        let flow = try islands.team.sandbox.flow("LinearFlow")
        let local = try await islands.team.sandbox.muster(["run", flow, "--on", "islands"], environment: folder)
        #expect(local.status == .exited(2), "\(local)")
        #expect(local.errors.contains("--store s3://"), "\(local)")
    }

    @Test("A dry run stores nothing, and holds no address that lets anybody fetch something")
    func dryRun() async throws {
        let islands = try await Islands()
        let dry = try await islands.run("GangFlow", ["--dry-run", "--nodes", "3"], on: "a")
        #expect(dry.status == .exited(0), "\(dry)")
        #expect(dry.output.contains("s3://") && dry.output.contains(".order"), "\(dry)")
        #expect(!dry.all.contains("X-Amz-Signature") && !dry.all.contains("mustertestsecretkey"))
        #expect(try await islands.team.objects.objects(prefix: "").isEmpty)
    }
}
