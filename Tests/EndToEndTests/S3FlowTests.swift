import Foundation
import MusterObjects
import MusterProcess
import MusterS3
import MusterTestSupport
import Testing

/// `S3` in steps and in scripts, beside radosgw. What it has in common with Metaflow's, `MetaflowTests` compares.
@Suite(.beside(.radosgw), .timeLimit(.minutes(5))) struct S3FlowTests {
    private let sandbox: Sandbox
    private let bucket = "flows-\(UInt32.random(in: 0...UInt32.max))"
    private let environment: [String: String]

    init() async throws {
        self.sandbox = try Sandbox()
        let server = try #require(S3Server.current)
        _ = try await S3ObjectStore.make(on: server, bucket: self.bucket)
        self.environment = server.environment.merging(["MUSTER_BUCKET_FOLDER": "\(self.sandbox.folder)/copy"]) { $1 }
    }

    private var scripts: [String: String] {
        self.environment.merging([
            "PYTHONPATH": "\(PythonFlowTests.root)/Python/muster/shim:\(PythonFlowTests.root)/Python",
            "MUSTER_COMMAND": "\(Sandbox.programs)/muster",
        ]) { $1 }
    }

    @Test("What Muster's S3 does beyond Metaflow's holds with a server")
    func ownRules() async throws {
        let script = "\(PythonFlowTests.root)/Tests/PythonFlows/s3_own.py"
        let done = try await self.sandbox.shell("python3 \(script) s3://\(self.bucket)/own", environment: self.scripts)
        #expect(done.status == .exited(0), "\(done)")
    }

    @Test("A flow in Swift puts and gets objects beside its store")
    func swift() async throws {
        let store = ["MUSTER_STORE": "s3://\(self.bucket)/store"]
        let run = try await self.sandbox.run("S3Flow", environment: self.environment.merging(store) { $1 })
        #expect(run.status == .exited(0), "\(run)")
        #expect(run.output.contains("s3: 4 objects"), "\(run)")
    }

    @Test(
        "The steps of a run and a script that reads the run have one place for data, with a store that is a bucket or a folder"
    )
    func python() async throws {
        let flow = """
            from metaflow import FlowSpec, S3, current, parallel, step
            class DataFlow(FlowSpec):
                @step
                def start(self):
                    with S3(run=self) as s3:
                        self.url = s3.put("from start", "x" * 10)
                    self.next(self.gang, num_parallel=2)
                @parallel
                @step
                def gang(self):
                    with S3(run=self) as s3:
                        s3.put(f"node {current.parallel.node_index}", s3.get("from start").text)
                    self.next(self.join)
                @step
                def join(self, inputs):
                    self.url = inputs[0].url
                    self.next(self.end)
                @step
                def end(self):
                    with S3(run=self) as s3:
                        self.keys = [each.key for each in s3.list_paths()]
            if __name__ == "__main__":
                DataFlow()
            """
        let reader = """
            from metaflow import Flow, S3, namespace
            namespace(None)
            run = Flow("DataFlow").latest_run
            with S3(run=run) as s3:
                print(run.data.keys, [each.size for each in s3.get_all()], s3.get("node 1").url == run.data.url.replace("from start", "node 1"))
            """
        try Data(flow.utf8).write(to: URL(filePath: "\(self.sandbox.folder)/flow.py"))
        try Data(reader.utf8).write(to: URL(filePath: "\(self.sandbox.folder)/reader.py"))
        for place in [
            ["MUSTER_STORE": "s3://\(self.bucket)/python"],
            [
                "MUSTER_STORE": "\(self.sandbox.folder)/folder",
                "METAFLOW_DATATOOLS_S3ROOT": "s3://\(self.bucket)/tools",
            ],
        ] {
            let run = try await self.sandbox.muster(
                ["run", "flow.py"], environment: self.environment.merging(place) { $1 })
            #expect(run.status == .exited(0), "\(run)")
            let read = try await self.sandbox.shell(
                "python3 reader.py", environment: self.scripts.merging(place) { $1 })
            #expect(read.output == "['from start', 'node 0', 'node 1'] [10, 10, 10] True\n", "\(read)")
        }
        let folder = try await self.sandbox.muster(["run", "flow.py"], environment: self.environment)
        #expect(folder.status == .exited(1), "\(folder)")
        #expect(
            folder.all.contains("this run's store is a folder: run it with --store s3://bucket/prefix"), "\(folder)")
        let left = try FileManager.default.contentsOfDirectory(atPath: self.sandbox.folder)
        #expect(!left.contains { $0.hasPrefix("metaflow.s3.") }, "\(left)")
    }
}
