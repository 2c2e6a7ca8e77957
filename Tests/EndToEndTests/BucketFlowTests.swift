import Foundation
import MusterMetadata
import MusterModel
import MusterObjects
import MusterProcess
import MusterS3
import MusterStore
import MusterTestSupport
import Testing

/// Runs whose store is a bucket of radosgw. Another machine is another folder for the store's copy.
@Suite(.beside(.radosgw), .timeLimit(.minutes(10))) struct BucketFlowTests {
    /// A sandbox with a bucket of its own.
    struct Team {
        let sandbox: Sandbox
        let objects: S3ObjectStore
        private let environment: [String: String]

        init(before endpoint: String? = nil) async throws {
            self.sandbox = try Sandbox()
            let server = try #require(S3Server.current)
            let bucket = "team-\(UInt32.random(in: 0...UInt32.max))"
            self.objects = try await S3ObjectStore.make(on: server, bucket: bucket, prefix: "some/place")
            self.environment = server.environment.merging([
                "MUSTER_STORE": "s3://\(bucket)/some/place", "MUSTER_BUCKET_LEASE_INTERVAL": "0.5",
                "MUSTER_BUCKET_LOG_INTERVAL": "0.2", "MUSTER_BUCKET_CANCEL_INTERVAL": "0.2",
            ]) { $1 }.merging(endpoint.map { ["AWS_ENDPOINT_URL_S3": $0] } ?? [:]) { $1 }
        }

        /// The variables of a machine.
        func on(_ machine: String) -> [String: String] {
            self.environment.merging(["MUSTER_BUCKET_FOLDER": "\(self.sandbox.folder)/\(machine)"]) { $1 }
        }

        func muster(_ arguments: [String], on machine: String) async throws -> Finished {
            try await self.sandbox.muster(arguments, environment: self.on(machine))
        }

        func run(_ flow: String, _ arguments: [String] = [], on machine: String) async throws -> Finished {
            try await self.muster(["run", try self.sandbox.flow(flow)] + arguments, on: machine)
        }

        func start(_ arguments: [String], on machine: String) throws -> Running {
            try self.sandbox.start(arguments, environment: self.on(machine))
        }

        /// The standard output of a verb that succeeds.
        func text(_ arguments: [String], on machine: String) async throws -> String {
            let finished = try await self.muster(arguments, on: machine)
            guard finished.status == .exited(0) else { throw Missing(description: "\(arguments): \(finished)") }
            return finished.output
        }

        func events(_ flow: String) async throws -> Int {
            try await self.objects.objects(prefix: "runs/\(flow)/").filter { $0.key.contains("/events/") }.count
        }
    }

    @Test(
        "Every verb shows on a machine that has never seen the run what it shows where the run was",
        arguments: ["ForeachFlow", "GangFlow", "BranchFlow", "CatchFlow"])
    func elsewhere(flow: String) async throws {
        let team = try await Team()
        let run = try await team.run(flow, on: "a")
        #expect(run.status == .exited(0), "\(run)")
        let status = try await team.text(["status", flow, "--json"], on: "a")
        #expect(try await team.text(["status", flow, "--json"], on: "b") == status)
        #expect(try await team.text(["list", "--json"], on: "c") == team.text(["list", "--json"], on: "a"))
        #expect(
            try await team.text(["logs", "\(flow)/latest"], on: "d") == team.text(["logs", "\(flow)/latest"], on: "a"))
        let agent = ["logs", "--agent", "\(flow)/latest"]
        #expect(try await team.text(agent, on: "d") == team.text(agent, on: "a"))
        let key = try #require(try await team.objects.objects(prefix: "index/").first).key
        #expect(key.hasPrefix("index/"))
        let steps = try JSONSerialization.jsonObject(with: Data(status.utf8)) as? [String: Any]
        let tasks = try #require(steps?["tasks"] as? [[String: Any]])
        for step in Set(tasks.compactMap { $0["step"] as? String }) {
            let dump = ["dump", "\(flow)/latest/\(step)", "--json"]
            #expect(try await team.text(dump, on: "e") == team.text(dump, on: "a"), "\(step)")
        }
        #expect(team.sandbox.leftovers(of: flow).isEmpty)
    }

    @Test("A run's artifacts are the same in a bucket as in a folder")
    func sameAsFolder() async throws {
        let team = try await Team()
        #expect(try await team.run("ForeachFlow", ["--count", "5"], on: "a").status == .exited(0))
        #expect(try await team.sandbox.run("ForeachFlow", ["--count", "5"]).status == .exited(0))
        let reports = try await team.sandbox.newest("ForeachFlow").machine
        let steps = Set(reports.tasks.map(\.step))
        for step in steps {
            let dump = ["dump", "ForeachFlow/latest/\(step)", "--json"]
            let here = try await team.sandbox.muster(dump)
            #expect(try await team.text(dump, on: "b") == here.output, "\(step)")
        }
    }

    @Test("kill -9 of the engine after any number of events; resume on a machine that has never seen the run")
    func killed() async throws {
        for count in [1, 2, 3, 5, 8, 12, 17] {
            let team = try await Team()
            let flow = try team.sandbox.flow("ForeachFlow")
            let running = try team.start(["run", flow, "--count", "12", "--max-workers", "2"], on: "a")
            // Or it is over, which has to be all the same.
            while try await team.events("ForeachFlow") < count,
                running.output.firstRange(of: /run ForeachFlow\/\d+ succeeded/) == nil
            {
                try await Task.sleep(for: .milliseconds(5))
            }
            running.process?.signal(SIGKILL)
            _ = await running.end()
            let resumed = try await team.muster(["resume", flow], on: "b")
            #expect(resumed.status == .exited(0) || resumed.errors.contains("is over"), "\(count): \(resumed)")
            let status = try await team.text(["status", "ForeachFlow", "--json"], on: "c")
            let report = try JSONSerialization.jsonObject(with: Data(status.utf8)) as? [String: Any]
            #expect(report?["status"] as? String == "succeeded", "\(count): \(status)")
            let tasks = report?["tasks"] as? [[String: Any]] ?? []
            #expect(tasks.count == 15, "\(count)")
            // Those that had succeeded were not repeated: at most two ran when the engine died.
            #expect(tasks.filter { $0["attempts"] as? Int == 2 }.count <= 2, "\(count): \(status)")
            #expect(team.sandbox.leftovers(of: "ForeachFlow").isEmpty)
        }
    }

    @Test("An engine elsewhere has the run: resume is refused with its name, status and logs follow it, cancel ends it")
    func living() async throws {
        let team = try await Team()
        let flow = try team.sandbox.flow("WaitingFlow")
        let running = try team.start(["run", flow, "--file", "\(team.sandbox.folder)/go"], on: "a")
        await running.wait(for: "before")
        #expect(try await team.text(["status", "WaitingFlow"], on: "b").contains("running"))
        #expect(try await team.text(["list"], on: "b").contains("running"))
        let logs = try team.start(["logs", "--follow", "WaitingFlow/latest"], on: "b")
        await logs.wait(for: "before")
        let resume = try await team.muster(["resume", flow], on: "b")
        #expect(resume.status == .exited(2), "\(resume)")
        #expect(resume.errors.contains("process \(running.process?.pid ?? 0)"), "\(resume)")
        let run = try await team.text(["list", "--json"], on: "b")
        let list = try JSONSerialization.jsonObject(with: Data(run.utf8)) as? [[String: Any]]
        let cancel = try await team.muster(["cancel", try #require(list?[0]["run"] as? String)], on: "b")
        #expect(cancel.status == .exited(0), "\(cancel)")
        #expect(await running.end() == .exited(1))
        #expect(await logs.end() == .exited(0))
        #expect(try await team.text(["status", "WaitingFlow"], on: "c").contains("cancelled"))
        #expect(try await team.objects.objects(prefix: "runs/").allSatisfy { !$0.key.hasSuffix("/lease") })
        #expect(team.sandbox.leftovers(of: "WaitingFlow").isEmpty)
    }

    @Test(
        "A run that was killed within a foreach is ended by cancel on another machine, which has none of its artifacts")
    func cancelForeach() async throws {
        let team = try await Team()
        let flow = try team.sandbox.flow("ForeachFlow")
        let running = try team.start(["run", flow, "--count", "40", "--max-workers", "2"], on: "a")
        await running.wait(for: "work/12 succeeded")
        running.process?.signal(SIGKILL)
        _ = await running.end()
        let list = try await team.text(["list", "--json"], on: "b")
        let runs = try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: Any]]
        #expect(runs?[0]["status"] as? String == "interrupted", "\(list)")
        let cancel = try await team.muster(["cancel", try #require(runs?[0]["run"] as? String)], on: "b")
        #expect(cancel.status == .exited(0), "\(cancel)")
        #expect(try await team.text(["list"], on: "c").contains("cancelled"))
    }

    @Test("A process without any of root's rights, such as one in a container, reaches the bucket")
    func withoutRights() async throws {
        let team = try await Team()
        #expect(try await team.run("LinearFlow", on: "a").status == .exited(0))
        let listed = try await team.sandbox.shell(
            "setpriv --bounding-set=-all --inh-caps=-all $MUSTER list", environment: team.on("b"))
        #expect(listed.status == .exited(0) && listed.output.contains("LinearFlow"), "\(listed)")
    }

    @Test("A run whose engine was killed is ended by cancel on another machine")
    func cancelDead() async throws {
        let team = try await Team()
        let flow = try team.sandbox.flow("WaitingFlow")
        let running = try team.start(["run", flow, "--file", "\(team.sandbox.folder)/go"], on: "a")
        await running.wait(for: "before")
        running.process?.signal(SIGKILL)
        _ = await running.end()
        #expect(try await team.text(["status", "WaitingFlow"], on: "b").contains("interrupted"))
        let list = try await team.text(["list", "--json"], on: "b")
        let runs = try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: Any]]
        let cancel = try await team.muster(["cancel", try #require(runs?[0]["run"] as? String)], on: "b")
        #expect(cancel.status == .exited(0), "\(cancel)")
        #expect(try await team.text(["list"], on: "c").contains("cancelled"))
    }

    @Test("A flow in Python, and Python's client on a machine that has never seen the run")
    func python() async throws {
        let team = try await Team()
        let script = """
            from metaflow import FlowSpec, card, step
            class Sizes(FlowSpec):
                @step
                def start(self):
                    # The first is an artifact of its own, which only the list of elements names.
                    self.items = ["x" * 20_000, "y"]
                    self.next(self.measure, foreach="items")
                @card
                @step
                def measure(self):
                    print("measuring")
                    self.size = len(self.input)
                    self.next(self.join)
                @step
                def join(self, inputs):
                    self.sizes = [each.size for each in inputs]
                    self.big = bytes(3_000_000)
                    self.next(self.end)
                @step
                def end(self):
                    pass
            if __name__ == "__main__":
                Sizes()
            """
        let reader = """
            from metaflow import Flow, Metaflow, Run, get_metadata, namespace
            namespace(None)
            run = Flow("Sizes").latest_run
            task = list(run["measure"])[0]
            print(run.successful, run.data.sizes, len(run.data.big), [flow.id for flow in Metaflow()])
            print(task.stdout, end="")
            print("<html" in task.data.__class__.__name__ or len(run["end"].task.artifacts.sizes.data))
            run.add_tag("seen")
            print("seen" in Run(run.pathspec).tags, get_metadata().startswith("local@s3://"))
            try:
                Run("Sizes/nothing")
            except Exception as error:
                print(type(error).__name__)
            """
        try Data(script.utf8).write(to: URL(filePath: "\(team.sandbox.folder)/sizes.py"))
        try Data(reader.utf8).write(to: URL(filePath: "\(team.sandbox.folder)/reader.py"))
        let run = try await team.muster(["run", "sizes.py"], on: "a")
        #expect(run.status == .exited(0), "\(run)")
        let python = [
            "PYTHONPATH": "\(PythonFlowTests.root)/Python/muster/shim:\(PythonFlowTests.root)/Python",
            "MUSTER_COMMAND": "\(Sandbox.programs)/muster",
        ]
        let read = try await team.sandbox.shell("python3 reader.py", environment: team.on("b").merging(python) { $1 })
        #expect(read.status == .exited(0), "\(read)")
        #expect(
            read.output == "True [20000, 1] 3000000 ['Sizes']\nmeasuring\n2\nTrue True\nMetaflowNotFound\n", "\(read)")
        #expect(try await team.text(["card", "list", "Sizes/latest/measure"], on: "c").contains("measure"))
        #expect(
            try await team.text(["dump", "Sizes/latest/join/4", "--include", "sizes"], on: "d")
                == "sizes = [20000, 1]\n")
        // Metaflow's options before the verb, and its variables.
        let bucket = try #require(team.on("a")["MUSTER_STORE"])
        var plain = team.on("e").merging(python) { $1 }
        plain["MUSTER_STORE"] = ""
        let line = "python3 sizes.py --datastore s3 --datastore-root \(bucket) resume join"
        let resumed = try await team.sandbox.shell(line, environment: plain)
        #expect(resumed.status == .exited(0), "\(resumed)")
        plain.merge(["METAFLOW_DEFAULT_DATASTORE": "s3", "METAFLOW_DATASTORE_SYSROOT_S3": bucket]) { $1 }
        let list = try await team.sandbox.shell("$MUSTER list", environment: plain)
        #expect(list.output.split(separator: "\n").count == 3, "\(list)")
    }

    @Test("Tags that one machine adds another one sees")
    func tags() async throws {
        let team = try await Team()
        #expect(try await team.run("LinearFlow", ["--tag", "begun"], on: "a").status == .exited(0))
        _ = try await team.text(["tag", "add", "LinearFlow/latest", "good"], on: "b")
        _ = try await team.text(["tag", "remove", "LinearFlow/latest", "begun"], on: "c")
        for machine in ["a", "b", "c", "d"] {
            #expect(try await team.text(["tag", "list", "LinearFlow/latest"], on: machine) == "good\n")
        }
    }

    @Test("This machine's copy can be removed at any time")
    func copyRemoved() async throws {
        let team = try await Team()
        #expect(try await team.run("ForeachFlow", on: "a").status == .exited(0))
        let logs = try await team.text(["logs", "ForeachFlow/latest"], on: "a")
        try FileManager.default.removeItem(atPath: "\(team.sandbox.folder)/a")
        #expect(try await team.text(["logs", "ForeachFlow/latest"], on: "a") == logs)
        let resumed = try await team.muster(["resume", try team.sandbox.flow("ForeachFlow"), "end"], on: "a")
        #expect(resumed.status == .exited(0), "\(resumed)")
    }

    @Test("With a failure at every fifth request flows succeed, and every event is there once")
    func faults() async throws {
        let server = try #require(S3Server.current)
        let proxy = try FaultProxy(before: server.endpoint, every: 5)
        try await ScriptedServer.with {
            await proxy.reply(to: $0)
        } _: { front in
            let team = try await Team(before: front.endpoint)
            let run = try await team.run("ForeachFlow", ["--count", "10"], on: "a")
            #expect(run.status == .exited(0), "\(run)")
            let status = try await team.text(["status", "ForeachFlow", "--json"], on: "b")
            let report = try JSONSerialization.jsonObject(with: Data(status.utf8)) as? [String: Any]
            let tasks = report?["tasks"] as? [[String: Any]] ?? []
            #expect(tasks.count == 13 && tasks.allSatisfy { $0["attempts"] as? Int == 1 }, "\(status)")
        }
        #expect(proxy.faults > 10)
    }

    @Test(
        "A bucket that is not there, wrong keys and a server that is not there are told at once, with what they are about"
    )
    func errors() async throws {
        let team = try await Team()
        let flow = try team.sandbox.flow("LinearFlow")
        let cases: [([String: String], [String])] = [
            (["MUSTER_STORE": "s3://no-such-bucket/x"], ["no-such-bucket", "us-east-1"]),
            (["AWS_SECRET_ACCESS_KEY": "wrong"], ["team-", "of the environment"]),
            (["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"], ["127.0.0.1:9"]),
            (["MUSTER_STORE": "s3://Not_A_Bucket"], ["Not_A_Bucket"]),
            (["MUSTER_STORE": "gs://bucket/x"], ["MUSTER_STORE", "s3://bucket/prefix"]),
        ]
        for (variables, words) in cases {
            for arguments in [["run", flow], ["list"], ["status", "LinearFlow"]] {
                let finished = try await team.sandbox.muster(
                    arguments, environment: team.on("a").merging(variables) { $1 })
                #expect(finished.status == .exited(4) || finished.status == .exited(2), "\(arguments) \(finished)")
                for word in words { #expect(finished.errors.contains(word), "\(arguments) \(finished)") }
                #expect(!finished.errors.contains("mustertestsecretkey"))
            }
        }
    }
}
