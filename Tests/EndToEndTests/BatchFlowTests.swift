import Foundation
import MusterAWS
import MusterBatch
import MusterModel
import MusterObjects
import MusterProcess
import MusterTestKit
import MusterTestSupport
import Testing

/// Flows on a stand-in for AWS Batch that runs every node as a container with an address, a file system and a memory limit
/// of its own, and with the credentials of a role.
@Suite(.besideBatch, .timeLimit(.minutes(20))) struct BatchFlowTests {
    static let role = "arn:aws:iam::123456789012:role/job"

    /// A team whose steps run as jobs of AWS Batch.
    private final class Account {
        let team: BucketFlowTests.Team
        let batch: BatchServer
        /// Where bodies leave marks: a volume of all containers.
        let marks: String
        private let variables: [String: String]
        /// The folder of Swift's libraries, from which a debug build's programs load them.
        private let libraries: String

        init(image: String = "muster-test/debian") async throws {
            self.batch = try #require(BatchServer.current)
            self.team = try await BucketFlowTests.Team(before: self.batch.environment["AWS_ENDPOINT_URL_S3"])
            self.marks = "\(self.team.sandbox.folder)/marks"
            try FileManager.default.createDirectory(atPath: self.marks, withIntermediateDirectories: true)
            // Every node fetches it: without the symbols for a debugger it is a third as large.
            let agent = "\(self.team.sandbox.folder)/muster-agent"
            let stripped = try await self.team.sandbox.shell("strip -o \(agent) \(Sandbox.programs)/muster-agent")
            try #require(stripped.status == .exited(0), "\(stripped)")
            let linked = try await self.team.sandbox.shell(
                "ldd \(agent) | sed -n 's,.* => \\(/.*\\)/libswiftCore.so .*,\\1,p'")
            self.libraries = String(linked.output.split(separator: "\n").first ?? "")
            self.variables = self.batch.environment.merging([
                "MUSTER_BATCH_QUEUE": self.batch.queue, "MUSTER_BATCH_IMAGE": image,
                "MUSTER_BATCH_JOB_ROLE": BatchFlowTests.role, "MUSTER_AGENT": agent, "MUSTER_QUEUE_LOOK_INTERVAL": "1",
            ]) { $1 }
        }

        func on(_ machine: String) -> [String: String] { self.team.on(machine).merging(self.variables) { $1 } }

        /// The place's option with these volumes, besides the folder that programs of a debug build need.
        func place(_ volumes: [String] = [], _ options: String = "") -> String {
            let all = ([self.libraries] + volumes).map { "\"\($0)\"" }.joined(separator: ",")
            return "batch:host_volumes=[\(all)]\(options)"
        }

        func muster(_ arguments: [String], on machine: String) async throws -> Finished {
            try await self.team.sandbox.muster(arguments, environment: self.on(machine))
        }

        func start(_ arguments: [String], on machine: String) throws -> Running {
            try self.team.sandbox.start(arguments, environment: self.on(machine))
        }

        /// The words that run `placed.py` there.
        func placed(_ mode: String, _ options: String = "") -> [String] {
            [
                "run", PythonFlowTests.flow("placed"), "--with", self.place([self.marks], options), "--mode", mode,
                "--marks", self.marks,
            ]
        }

        func go() { _ = FileManager.default.createFile(atPath: "\(self.marks)/go", contents: nil) }

        /// Nothing of attempts is in the bucket.
        func expectNothingLeft() async throws {
            let attempts = try await self.team.objects.objects(prefix: "runs/").map(\.key)
                .filter { $0.contains("/attempts/") }
            #expect(attempts.isEmpty)
        }

        /// The identifier of the newest job that was submitted for a step.
        func job(of step: String, _ running: Running) throws -> String {
            let line = running.output.split(separator: "\n").last { $0.contains(" \(step)/") && $0.contains("as job ") }
            return String(try #require(line?.split(separator: " ").last, "\(running.output)"))
        }
    }

    private static let flow = "PlacedFlow"

    @Test("The backend keeps every promise of a backend")
    func conformance() async throws {
        let server = try #require(BatchServer.current)
        let shared = "/tmp/batch-conformance-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: shared) }
        let client = try BatchClient(AWSProfiles(environment: server.environment))
        let backend = BatchBackend(
            client: client, store: shared,
            defaults: [
                "queue": .string(server.queue), "image": .string("muster-test/busybox"),
                "host_volumes": .array([.string(shared)]),
            ])
        let problems = await BackendConformance(backend, shared: shared).problems()
        #expect(problems == [], "\(problems)")
    }

    @Test(
        "Flows of every shape come to the same end as here",
        arguments: [
            ("LinearFlow", "linear: 3 0.5 false linear fast [4, 2]"), ("GangFlow", "gang: [0, 1, 2, 3]"),
            ("ForeachFlow", nil), ("RingFlow", "the ring is whole"),
        ] as [(String, String?)])
    func shapes(flow: String, prints: String?) async throws {
        let account = try await Account()
        let program = try account.team.sandbox.flow(flow)
        let run = try await account.muster(["run", program, "--with", account.place()], on: "a")
        #expect(run.status == .exited(0), "\(run)")
        if let prints { #expect(run.all.contains(prints), "\(run)") }
        let logs = ["logs", "\(flow)/latest"]
        #expect(try await account.team.text(logs, on: "c") == account.team.text(logs, on: "a"))
        try await account.expectNothingLeft()
    }

    @Test(
        "The five frameworks work on four nodes, from the flow files that run here",
        arguments: Example.python.filter { !$0.path.contains("/foreach/") })
    func frameworks(example: Example) async throws {
        let account = try await Account()
        let folder = account.team.sandbox.folder
        let source = URL(filePath: example.path).deletingLastPathComponent().path
        for name in try FileManager.default.contentsOfDirectory(atPath: source) {
            try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(folder)/\(name)")
        }
        // The image's packages, as it were: an environment of this machine that the containers see.
        let text = try String(contentsOfFile: "\(folder)/flow.py", encoding: .utf8)
        let environment = try await PythonPackages.environment(of: text, account.team.sandbox)
        let plain = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.contains("@pypi") }
        try Data(plain.joined(separator: "\n").utf8).write(to: URL(filePath: "\(folder)/flow.py"))
        let python = environment.map { ",executable=\($0.prefix)/bin/python" } ?? ""
        let place = account.place(environment.map { [$0.prefix, $0.base] } ?? [], "\(python),memory=3000")
        let run = try await HeavyStories.alone {
            try await account.muster(["run", "flow.py", "--with", place, "--nodes", "4"], on: "a")
        }
        #expect(run.status == .exited(0), "\(run)")
        let promised = example.prints.replacing("2 ranks", with: "4 ranks").replacing("2 workers", with: "4 workers")
            .replacing("2 nodes", with: "4 nodes")
        #expect(run.all.contains(promised), "\(run)")
        try await account.expectNothingLeft()
    }

    @Test("An image with a user, a working folder and an entry point of its own keeps them")
    func image() async throws {
        let account = try await Account(image: "muster-test/debian-user")
        let script = """
            import os
            from metaflow import FlowSpec, batch, step
            class Inside(FlowSpec):
                @batch(cpu=2, memory=300)
                @step
                def start(self):
                    print("user", os.getuid(), "entry", os.environ.get("TEST_ENTRY_POINT"), os.environ["AWS_BATCH_JQ_NAME"])
                    print("words", [name for name in os.environ if name.startswith("MUSTER_WORDS")])
                    self.next(self.end)
                @step
                def end(self):
                    pass
            if __name__ == "__main__":
                Inside()
            """
        try Data(script.utf8).write(to: URL(filePath: "\(account.team.sandbox.folder)/inside.py"))
        let run = try await account.muster(["run", "inside.py", "--with", account.place()], on: "a")
        #expect(run.status == .exited(0), "\(run)")
        #expect(run.all.contains("user 10001 entry ran \(account.batch.queue)"), "\(run)")
        #expect(run.all.contains("words []"), "\(run)")
        let definitions = try account.batch.requests(of: "RegisterJobDefinition")
        let amounts = definitions.compactMap { ($0["containerProperties"] as? [String: Any])?["resourceRequirements"] }
        #expect("\(amounts)".contains("300"), "the amounts of @batch are the job's")
    }

    @Test("A step's packages come from the bucket where the containers' network has nothing else")
    func packages() async throws {
        let account = try await Account()
        let script = """
            from metaflow import FlowSpec, parallel, pypi, step
            class Packages(FlowSpec):
                @step
                def start(self):
                    self.next(self.work, num_parallel=2)
                @pypi(packages={"six": "1.16.0"})
                @parallel
                @step
                def work(self):
                    import six
                    print("six", six.__version__)
                    self.next(self.join)
                @step
                def join(self, inputs):
                    self.next(self.end)
                @step
                def end(self):
                    pass
            if __name__ == "__main__":
                Packages()
            """
        try Data(script.utf8).write(to: URL(filePath: "\(account.team.sandbox.folder)/packages.py"))
        let run = try await account.muster(
            ["run", "packages.py", "--with", account.place(), "--setting", "python.wheels=store"], on: "a")
        #expect(run.status == .exited(0), "\(run)")
        #expect(run.all.contains("work/2[0] six 1.16.0") && run.all.contains("work/2[1] six 1.16.0"), "\(run)")
        try await account.expectNothingLeft()
    }

    @Test("Of @resources and @batch the larger amount counts, and gangs of one shape share a definition")
    func amounts() async throws {
        let account = try await Account()
        let script = """
            from metaflow import FlowSpec, batch, resources, step
            class Amounts(FlowSpec):
                @resources(cpu=3, memory=200)
                @batch(cpu=2, memory=301)
                @step
                def start(self):
                    self.next(self.middle)
                @batch(cpu=3, memory=301)
                @step
                def middle(self):
                    self.next(self.end)
                @step
                def end(self):
                    pass
            if __name__ == "__main__":
                Amounts()
            """
        try Data(script.utf8).write(to: URL(filePath: "\(account.team.sandbox.folder)/amounts.py"))
        let run = try await account.muster(["run", "amounts.py", "--with", account.place()], on: "a")
        #expect(run.status == .exited(0), "\(run)")
        let definitions = try account.batch.requests(of: "RegisterJobDefinition").compactMap {
            ($0["containerProperties"] as? [String: Any])?["resourceRequirements"] as? [[String: String]]
        }.map { Dictionary($0.map { ($0["type"] ?? "", $0["value"] ?? "") }) { $1 } }
        #expect(definitions.filter { $0["MEMORY"] == "301" } == [["VCPU": "3", "MEMORY": "301"]], "\(definitions)")
    }

    @Test("A node that fails ends the gang and is named, with its last lines")
    func failure() async throws {
        let account = try await Account()
        let run = try await account.muster(account.placed("fails"), on: "a")
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.contains("told to fail"), "\(run)")
        let status = try await account.team.text(["status", Self.flow], on: "b")
        #expect(status.contains("told to fail") && status.contains("node 1"), "\(status)")
        try await account.expectNothingLeft()
    }

    @Test("A child whose machine is lost ends the gang, which is tried again and keeps the step's own retries")
    func lostChild() async throws {
        let account = try await Account()
        let running = try account.start(account.placed("waits"), on: "a")
        try await PlacedBodies.untilBegun(account.marks)
        try await account.batch.kill("\(account.job(of: "train", running))#2")
        await running.wait(for: "train/2 is tried again")
        #expect(running.output.contains("node 2"), "\(running.output)")
        account.go()
        #expect(await running.end() == .exited(0), "\(running.output)")
        try await account.expectNothingLeft()
    }

    @Test("The main node's machine is lost: what remains ends, and AWS's words are told")
    func lostMain() async throws {
        let account = try await Account()
        let running = try account.start(account.placed("waits"), on: "a")
        try await PlacedBodies.untilBegun(account.marks)
        try await account.batch.kill(account.job(of: "train", running))
        await running.wait(for: "train/2 is tried again")
        #expect(running.output.contains("Host EC2"), "\(running.output)")
        account.go()
        #expect(await running.end() == .exited(0), "\(running.output)")
    }

    @Test("A node that ends before it has joined ends the gang, long before the others stop waiting, with what it said")
    func neverJoined() async throws {
        let account = try await Account()
        // A second agent in the image's place for one node alone: its volume is there for all, so the node tells by its index.
        let broken = "\(account.marks)/curl"
        try Data(
            "#!/bin/sh\n[ \"$AWS_BATCH_JOB_NODE_INDEX\" = 2 ] && { echo this node has no network >&2; exit 7; }\nexec /usr/bin/python3 -c 'import shutil,sys,urllib.request as r; shutil.copyfileobj(r.urlopen(sys.argv[-1]), open(sys.argv[-2],\"wb\"))' \"$@\"\n"
                .utf8
        )
        .write(to: URL(filePath: broken))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: broken)
        let place = account.place([account.marks, "\(broken):/usr/local/bin/curl"])
        let run = try await account.muster(
            ["run", PythonFlowTests.flow("placed"), "--with", place, "--marks", account.marks], on: "a")
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.contains("node 2 of the job") && run.all.contains("the agent cannot be fetched"), "\(run)")
        try await account.expectNothingLeft()
    }

    @Test("An engine is killed; one on a machine that has never seen the run goes on with the same job")
    func resumed() async throws {
        let account = try await Account()
        let running = try account.start(account.placed("waits"), on: "a")
        try await PlacedBodies.untilBegun(account.marks)
        let job = try account.job(of: "train", running)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        let resume = try account.start(
            ["resume", PythonFlowTests.flow("placed"), "--with", account.place([account.marks])], on: "b")
        await resume.wait(for: "train/2 started")
        account.go()
        #expect(await resume.end() == .exited(0), "\(resume.output)")
        #expect(PlacedBodies.begun(account.marks) == ["0", "1", "2"], "no body ran twice")
        let listed = try await account.team.text(["status", Self.flow, "--json"], on: "c")
        #expect(listed.contains(job), "\(listed)")
        try await account.expectNothingLeft()
    }

    @Test("A run whose engine was killed is ended by cancel on another machine, with its job")
    func cancelled() async throws {
        let account = try await Account()
        let running = try account.start(account.placed("waits"), on: "a")
        try await PlacedBodies.untilBegun(account.marks)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        let cancel = try await account.muster(["cancel", Self.flow], on: "b")
        #expect(cancel.status == .exited(0), "\(cancel)")
        #expect(try await account.team.text(["list"], on: "c").contains("cancelled"))
        try await account.expectNothingLeft()
    }

    @Test("Ctrl-C ends the job, whether it runs or waits", arguments: [true, false])
    func interrupted(waits: Bool) async throws {
        let account = try await Account()
        let pause = "\(account.batch.control)/pause"
        if waits { _ = FileManager.default.createFile(atPath: pause, contents: nil) }
        defer { try? FileManager.default.removeItem(atPath: pause) }
        let running = try account.start(account.placed("waits"), on: "a")
        if waits {
            await running.wait(for: "RUNNABLE")
        } else {
            try await PlacedBodies.untilBegun(account.marks)
        }
        running.process?.signal(SIGINT)
        #expect(await running.end() != .exited(0), "\(running.output)")
        try await account.expectNothingLeft()
    }

    @Test("A job that can never start fails with AWS's words and what to do")
    func hopeless() async throws {
        let account = try await Account()
        let run = try await account.muster(account.placed("ends", ",cpu=300"), on: "a")
        #expect(run.status == .exited(1), "\(run)")
        #expect(
            run.all.contains("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT") && run.all.contains("ask for less"), "\(run)")
        try await account.expectNothingLeft()
    }

    @Test("A job that has waited for as long as its step allows fails, and is not left in the queue")
    func waitsTooLong() async throws {
        let account = try await Account()
        let pause = "\(account.batch.control)/pause"
        _ = FileManager.default.createFile(atPath: pause, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: pause) }
        let run = try await account.muster(account.placed("ends", ",queue_deadline=0.05"), on: "a")
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.contains("the job waited for") && run.all.contains("RUNNABLE"), "\(run)")
        try await account.expectNothingLeft()
    }

    @Test("An image that does not exist fails with the registry's words")
    func noImage() async throws {
        let account = try await Account(image: "muster-test/none")
        let run = try await account.muster(account.placed("ends"), on: "a")
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.contains("CannotPullContainerError"), "\(run)")
    }

    @Test("A submission that fails and was accepted for all that is one job; throttled calls are repeated")
    func faults() async throws {
        let account = try await Account()
        try await account.batch.fault("SubmitJob", status: 500, isAfter: true)
        try await account.batch.fault("DescribeJobs", times: 2, status: 429)
        let run = try await account.muster(account.placed("ends"), on: "a")
        #expect(run.status == .exited(0), "\(run)")
        #expect(PlacedBodies.begun(account.marks) == ["0", "1", "2"])
    }

    @Test("Requests hold no secret, and nothing that the rights of the documentation do not name")
    func rights() async throws {
        let account = try await Account()
        let run = try await account.muster(account.placed("ends"), on: "a")
        #expect(run.status == .exited(0), "\(run)")
        let calls = try String(contentsOfFile: account.batch.calls, encoding: .utf8)
        #expect(!calls.contains("mustertestsecretkey"))
        let operations = Set(
            try calls.split(separator: "\n").compactMap { line in
                let call = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return call?["operation"] as? String
            })
        let page = try String(contentsOfFile: "\(PythonFlowTests.root)/Documentation/Batch.md", encoding: .utf8)
        for operation in operations {
            #expect(
                page.contains("\"batch:\(operation)\"") || page.contains("\"logs:\(operation)\""), "\(operation)")
        }
        for submission in try account.batch.requests(of: "SubmitJob") {
            let overrides = try JSONSerialization.data(
                withJSONObject: submission["nodeOverrides"] ?? submission["containerOverrides"] ?? [:])
            #expect(overrides.count < 2048)
        }
    }

    @Test("A dry run prints both requests and asks nobody")
    func dryRun() async throws {
        let account = try await Account()
        let flow = try account.team.sandbox.flow("GangFlow")
        let dry = try await account.muster(["run", flow, "--with", account.place(), "--dry-run"], on: "a")
        #expect(dry.status == .exited(0), "\(dry)")
        #expect(dry.output.contains("\"nodeOverrides\"") && dry.output.contains("muster-"), "\(dry)")
        #expect(!dry.all.contains("X-Amz-Signature") && !dry.all.contains("mustertestsecretkey"))
        #expect(try await account.team.objects.objects(prefix: "").isEmpty)
    }

    @Test("Without a job queue the steps run here, and the run says so; doctor names what is missing")
    func notSetUp() async throws {
        let account = try await Account()
        var variables = account.on("a")
        variables["MUSTER_BATCH_QUEUE"] = nil
        let flow = try account.team.sandbox.flow("LinearFlow")
        let here = try await account.team.sandbox.muster(["run", flow, "--with", "batch"], environment: variables)
        #expect(here.status == .exited(0) && here.all.contains("METAFLOW_BATCH_JOB_QUEUE"), "\(here)")
        let doctor = try await account.muster(["doctor", "--on", account.place(), "--probe"], on: "a")
        #expect(doctor.status == .exited(0), "\(doctor)")
        for words in ["\(account.batch.queue) is ENABLED", "sees the store", "Python 3", "the job is gone"] {
            #expect(doctor.output.contains(words), "\(words): \(doctor)")
        }
        variables["MUSTER_BATCH_QUEUE"] = "nowhere"
        let lost = try await account.team.sandbox.muster(["doctor", "--on", "batch"], environment: variables)
        #expect(lost.status != .exited(0) && lost.output.contains("no job queue nowhere"), "\(lost)")
    }
}
